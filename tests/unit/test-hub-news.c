/* News wait for their commit, come in order, and not too fast. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/news.h"

#define NOW (1000 * USEC_PER_SEC)

typedef struct Ear {
        unsigned n;
        char heard[256]; /* first texts of the last ones */
} Ear;

static void on_news(const NewsItem *item, void *userdata) {
        Ear *ear = userdata;
        size_t n = strlen(ear->heard);

        ear->n++;
        if (n + 40 < sizeof(ear->heard))
                snprintf(ear->heard + n, sizeof(ear->heard) - n, "%d:%s%s%s ", (int)item->kind,
                         item->texts[0], item->texts[1] ? "," : "",
                         item->texts[1] ? item->texts[1] : "");
}

static void put(News *n, uint64_t commit_no, NewsKind kind, const char *id) {
        char text[16];

        snprintf(text, sizeof(text), "%s", id); /* gone after the call */
        news_put(n, commit_no,
                 &(const NewsItem){ .kind = kind, .at = NOW, .texts = { text, "x" } });
}

static void they_wait_for_their_commit(void **state _unused_) {
        _cleanup_(news_freep) News *n = NULL;
        Ear ear = { 0 };

        assert_int_equal(news_new(&n, on_news, &ear), 0);
        put(n, 7, NEWS_WEBSITE_ADDED, "a");
        put(n, 7, NEWS_INCIDENT_OPENED, "b");
        put(n, 8, NEWS_WEBSITE_REMOVED, "c");
        news_committed(n, 6, NOW);
        assert_int_equal(ear.n, 0);
        news_committed(n, 7, NOW);
        assert_string_equal(ear.heard, "6:a,x 2:b,x ");
        news_committed(n, 9, NOW);
        assert_string_equal(ear.heard, "6:a,x 2:b,x 8:c,x ");
        news_committed(n, 9, NOW);
        assert_int_equal(ear.n, 3);
        assert_int_equal(news_dropped(n), 0);
        assert_int_equal(news_seen(n), 3);
}

static void what_never_came_true_is_not_told(void **state _unused_) {
        _cleanup_(news_freep) News *n = NULL;
        Ear ear = { 0 };

        assert_int_equal(news_new(&n, on_news, &ear), 0);
        put(n, 7, NEWS_WEBSITE_ADDED, "a");
        news_forget(n);
        put(n, 3, NEWS_WEBSITE_ADDED, "b"); /* the next state begins where the database is */
        news_committed(n, 7, NOW);
        assert_string_equal(ear.heard, "6:b,x ");
        assert_int_equal(news_dropped(n), 0);
        news_put(NULL, 1, &(const NewsItem){ .kind = NEWS_WEBSITE_ADDED, .texts = { "x" } });
}

static void a_crowd_is_counted_and_leaves_room_for_others(void **state _unused_) {
        _cleanup_(news_freep) News *n = NULL;
        Ear ear = { 0 };

        assert_int_equal(news_new(&n, on_news, &ear), 0);
        for (unsigned i = 0; i < 100; i++)
                put(n, 1, NEWS_VALIDATOR_WAITING, "stranger");
        put(n, 1, NEWS_INCIDENT_OPENED, "b");
        news_committed(n, 1, NOW);
        assert_int_equal(ear.n, 21);
        assert_int_equal(news_dropped(n), 80);

        put(n, 2, NEWS_VALIDATOR_WAITING, "stranger");
        news_committed(n, 2, NOW);
        assert_int_equal(news_dropped(n), 81);
        put(n, 3, NEWS_VALIDATOR_WAITING, "stranger");
        news_committed(n, 3, NOW + USEC_PER_SEC);
        assert_int_equal(ear.n, 22);
}

static void not_too_many_wait(void **state _unused_) {
        _cleanup_(news_freep) News *n = NULL;
        Ear ear = { 0 };

        assert_int_equal(news_new(&n, on_news, &ear), 0);
        for (unsigned i = 0; i < NEWS_WAITING_MAX + 5; i++)
                put(n, 1, NEWS_WEBSITE_STATE_CHANGED, "a");
        assert_int_equal(news_dropped(n), 5);
        news_committed(n, 1, NOW);
        assert_int_equal(ear.n, 200);
        assert_int_equal(news_dropped(n), 5 + NEWS_WAITING_MAX - 200);
        assert_int_equal(news_seen(n), NEWS_WAITING_MAX + 5);
        put(n, 2, NEWS_WEBSITE_STATE_CHANGED, "a");
        news_committed(n, 2, NOW + USEC_PER_SEC);
        assert_int_equal(ear.n, 201);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(they_wait_for_their_commit),
                cmocka_unit_test(what_never_came_true_is_not_told),
                cmocka_unit_test(a_crowd_is_counted_and_leaves_room_for_others),
                cmocka_unit_test(not_too_many_wait),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
