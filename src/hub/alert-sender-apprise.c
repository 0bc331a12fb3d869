/* Everything else: dpin-apprise is asked over its socket, as many at once as it takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/local.h"
#include "hub/alert-apprise.h"
#include "hub/alert-sender-internal.h"
#include "hub/alert-words.h"

struct AlertPush {
        AlertSending *sending;
        const AlertSender *sender;
        Turn turn;
        char *question; /* secret; NULL: it is asked */
        LocalCall *call;
};

AlertPush *alert_push_free(AlertPush *push) {
        if (!push)
                return NULL;
        local_cancel(push->call);
        alert_words_wipe(push->question);
        turn_end(&push->turn);
        free(push);
        return NULL;
}
DEFINE_FREEP(AlertPush, alert_push_free);

static void on_answer(int error, const char *answer, void *userdata) {
        AlertPush *push = userdata;
        AlertSending *sending = push->sending;
        AlertVerdict v;

        alert_apprise_judge(error, answer, &v);
        push->call = NULL;
        sending->push = alert_push_free(push);
        alert_finish(sending, &v, 0);
}

static int begin(AlertPush *push, AlertVerdict *v) {
        const AlertWays *ways = push->sender->ways;
        const LocalQuestion q = { .path = ways->apprise,
                                  .text = push->question,
                                  .timeout = ways->timeout };
        int r = local_ask(push->sender->loop, &q, on_answer, push, &push->call);

        push->question = alert_words_wipe(push->question);
        if (r < 0)
                alert_fail(v, ALERT_PENDING, "dpin-apprise cannot be asked", strerror(-r));
        return r;
}

static void on_turn(void *userdata) {
        AlertPush *push = userdata;
        AlertSending *sending = push->sending;
        AlertVerdict v;

        if (begin(push, &v) >= 0)
                return;
        sending->push = alert_push_free(push);
        alert_finish(sending, &v, 0);
}

static int write_question(const Alert *a, char **ret) {
        _cleanup_free_ char *subject = NULL, *text = NULL;
        int r;

        r = alert_write_texts(a, &subject, &text);
        if (r < 0)
                return r;
        return alert_apprise_ask(&(const AlertApprise){ .url = a->settings.url,
                                                        .title = subject,
                                                        .body = text,
                                                        .allow = a->sender->ways->allow,
                                                        .timeout = a->sender->ways->timeout },
                                 ret);
}

int alert_send_apprise(const Alert *a, AlertSending *sending, AlertVerdict *v) {
        _cleanup_(alert_push_freep) AlertPush *push = calloc(1, sizeof(*push));
        int r = push ? write_question(a, &push->question) : -ENOMEM;

        if (r < 0) {
                alert_fail(v, ALERT_PENDING, "it cannot be written", strerror(-r));
                return r;
        }
        push->sending = sending;
        push->sender = a->sender;
        if (turn_take(&a->sender->apprise, &push->turn, on_turn, push))
                r = begin(push, v);
        if (r >= 0)
                sending->push = TAKE_PTR(push);
        return r;
}
