/* Event streams: what text readers get, who gets it, and who is let go. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/sse.h"

typedef struct Target {
        char text[4096];
        size_t n, room; /* room 0: none left */
        unsigned closed, beats;
        SseReader *reader;
} Target;

static int target_write(void *target, const char *text, size_t n) {
        Target *t = target;

        if (n > t->room)
                return -ENOBUFS;
        t->room -= n;
        memcpy(t->text + t->n, text, n);
        t->n += n;
        t->text[t->n] = '\0';
        return 0;
}

static void target_close(void *target) {
        Target *t = target;

        t->closed++;
}

static void target_beat(void *target) {
        Target *t = target;

        t->beats++;
}

#define PLACES 3

static const SseOps ops = { target_write, target_close, target_beat };

static Sse *sse_with_ops(void) {
        Sse *s;

        assert_int_equal(sse_new(&s, &ops, PLACES), 0);
        return s;
}

static void target_join(Sse *s, Target *t, uint32_t organisation, uint64_t position) {
        SseJoin who = { .target = t,
                        .organisation = organisation,
                        .position = position,
                        .token = 10 + organisation };

        *t = (Target){ .room = sizeof(t->text) - 1 };
        assert_int_equal(sse_join(s, &who, &t->reader), 0);
}

static void expect_text(Target *t, const char *text) {
        assert_string_equal(t->text, text);
        t->n = 0;
        t->text[0] = '\0';
}

static const FeedEntry entries[] = {
        { .commit_no = 5, .organisation = 1, .kind = "tick", .payload = "{\"a\":1}" },
        { .commit_no = 5, .organisation = 1, .kind = "verdict.changed", .payload = "{\"b\":2}" },
        { .commit_no = 6, .organisation = 2, .kind = "tick", .payload = "{\"c\":3}" },
        { .commit_no = 7, .organisation = 0, .kind = "validator.online", .payload = "{\"d\":4}" },
};

static void organisations_see_their_own_and_what_is_for_all(void **state _unused_) {
        _cleanup_(sse_freep) Sse *s = sse_with_ops();
        Target one, two;

        target_join(s, &two, 2, 0);
        target_join(s, &one, 1, 0);
        sse_publish(s, entries, 4);
        expect_text(&one, "event: tick\ndata: {\"a\":1}\n\n"
                          "id: 5\nevent: verdict.changed\ndata: {\"b\":2}\n\n"
                          "id: 7\nevent: validator.online\ndata: {\"d\":4}\n\n");
        expect_text(&two, "id: 6\nevent: tick\ndata: {\"c\":3}\n\n"
                          "id: 7\nevent: validator.online\ndata: {\"d\":4}\n\n");
        sse_leave(one.reader);
        sse_leave(two.reader);
}

static void nothing_is_told_twice(void **state _unused_) {
        _cleanup_(sse_freep) Sse *s = sse_with_ops();
        Target ahead, behind;

        target_join(s, &behind, 1, 4);
        target_join(s, &ahead, 1, 5);
        sse_publish(s, entries, 2);
        expect_text(&ahead, "");
        expect_text(&behind, "event: tick\ndata: {\"a\":1}\n\n"
                             "id: 5\nevent: verdict.changed\ndata: {\"b\":2}\n\n");
        sse_publish(s, entries, 4);
        expect_text(&ahead, "id: 7\nevent: validator.online\ndata: {\"d\":4}\n\n");
        expect_text(&behind, "id: 7\nevent: validator.online\ndata: {\"d\":4}\n\n");
        sse_leave(ahead.reader);
        sse_leave(behind.reader);
}

static void a_slow_reader_is_let_go_once(void **state _unused_) {
        _cleanup_(sse_freep) Sse *s = sse_with_ops();
        Target slow, quick;

        target_join(s, &slow, 1, 0);
        target_join(s, &quick, 1, 0);
        slow.room = 10;
        sse_publish(s, entries, 2);
        sse_publish(s, entries + 3, 1);
        sse_beat(s);
        assert_int_equal(slow.closed, 1);
        assert_int_equal(slow.beats, 0);
        assert_int_equal(slow.n, 0);
        assert_int_equal(quick.closed, 0);
        assert_int_equal(quick.beats, 1);
        assert_true(quick.n > 0);
        assert_int_equal(sse_readers(s), 2);
        sse_leave(slow.reader);
        assert_int_equal(sse_readers(s), 1);
        sse_leave(quick.reader);
}

static void a_beat_is_a_comment(void **state _unused_) {
        _cleanup_(sse_freep) Sse *s = sse_with_ops();
        Target t;

        target_join(s, &t, 1, 0);
        sse_beat(s);
        expect_text(&t, ":\n\n");
        sse_leave(t.reader);
}

static void a_reset_begins_anew(void **state _unused_) {
        _cleanup_(sse_freep) Sse *s = sse_with_ops();
        Target t;

        target_join(s, &t, 1, 1000);
        sse_reset(s, 4);
        expect_text(&t, "id: 4\nevent: reset\ndata: {}\n\n");
        sse_publish(s, entries + 3, 1);
        expect_text(&t, "id: 7\nevent: validator.online\ndata: {\"d\":4}\n\n");
        sse_leave(t.reader);
}

static void places_are_limited(void **state _unused_) {
        _cleanup_(sse_freep) Sse *s = sse_with_ops();

        for (size_t i = 0; i < PLACES; i++)
                assert_true(sse_take_place(s));
        assert_false(sse_take_place(s));
        sse_give_place(s);
        assert_true(sse_take_place(s));
        assert_false(sse_take_place(s));
}

static void readers_of_one_token_are_asked_for_it(void **state _unused_) {
        _cleanup_(sse_freep) Sse *s = sse_with_ops();
        Target one, other, third;

        target_join(s, &one, 1, 0);
        target_join(s, &other, 2, 0);
        target_join(s, &third, 1, 0);
        sse_check(s, 11);
        sse_check(s, 99);
        assert_int_equal(one.beats, 1);
        assert_int_equal(other.beats, 0);
        assert_int_equal(third.beats, 1);
        assert_int_equal(one.n, 0);
        sse_leave(one.reader);
        sse_leave(other.reader);
        sse_leave(third.reader);
}

static void a_payload_cannot_forge_an_event(void **state _unused_) {
        static const FeedEntry forged = {
                .commit_no = 1, .organisation = 1, .kind = "tick", .payload = "{}\n\nevent: x"
        };
        _cleanup_free_ char *text = NULL;
        size_t n;

        assert_int_equal(sse_format(&(SseJoin){ .organisation = 1 }, &forged, 1, &text, &n), 0);
        assert_int_equal(n, 0);
}

static void a_stream_begins_with_retry_and_place(void **state _unused_) {
        char text[SSE_LINE_SIZE];
        size_t n = sse_hello(UINT64_MAX, text);

        assert_int_equal(n, strlen(text));
        assert_string_equal(text, "retry: 2000\nid: 18446744073709551615\n\n");
}

static void only_digits_are_a_position(void **state _unused_) {
        static const char *const wrong[] = { "",   "-1",  "+1",  " 1",
                                             "1 ", "0x1", "1e3", "1234567890123456789" };
        uint64_t position = 7;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_false(sse_position_read(wrong[i], &position));
        assert_int_equal(position, 7);
        assert_true(sse_position_read("0", &position));
        assert_int_equal(position, 0);
        assert_true(sse_position_read("123456789012345678", &position));
        assert_int_equal(position, 123456789012345678);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(organisations_see_their_own_and_what_is_for_all),
                cmocka_unit_test(nothing_is_told_twice),
                cmocka_unit_test(a_slow_reader_is_let_go_once),
                cmocka_unit_test(a_beat_is_a_comment),
                cmocka_unit_test(a_reset_begins_anew),
                cmocka_unit_test(places_are_limited),
                cmocka_unit_test(readers_of_one_token_are_asked_for_it),
                cmocka_unit_test(a_payload_cannot_forge_an_event),
                cmocka_unit_test(a_stream_begins_with_retry_and_place),
                cmocka_unit_test(only_digits_are_a_position),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
