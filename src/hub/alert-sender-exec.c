/* Programs that root named: so many at once, the others wait for their turn. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/program.h"
#include "hub/alert-exec.h"
#include "hub/alert-sender-internal.h"

#define GRACE (2 * USEC_PER_SEC) /* to end when it is told to */

struct AlertRun {
        AlertSending *sending;
        uv_loop_t *loop;
        Turn turn;
        const char *const *argv; /* of the hooks, which outlive it */
        AlertEnvironment environment;
        char *input;
        usec_t timeout;
        Program *program;
};

AlertRun *alert_run_free(AlertRun *run) {
        if (!run)
                return NULL;
        program_cancel(run->program);
        alert_environment_done(&run->environment);
        free(run->input);
        turn_end(&run->turn);
        free(run);
        return NULL;
}
DEFINE_FREEP(AlertRun, alert_run_free);

static void judge(const ProgramResult *result, AlertVerdict *v) {
        char why[64];

        if (result->timed_out)
                snprintf(why, sizeof(why), "the hook took too long");
        else if (result->signal != 0)
                snprintf(why, sizeof(why), "the hook was ended by signal %d", result->signal);
        else
                snprintf(why, sizeof(why), "the hook exited with %u", result->status);
        if (!result->timed_out && result->signal == 0 && result->status == 0)
                *v = (AlertVerdict){ .state = ALERT_DELIVERED };
        else
                alert_fail(v, ALERT_PENDING, why, result->line);
}

static void on_ended(const ProgramResult *result, void *userdata) {
        AlertRun *run = userdata;
        AlertSending *sending = run->sending;
        AlertVerdict v;

        judge(result, &v);
        run->program = NULL;
        sending->run = alert_run_free(run);
        alert_finish(sending, &v, result->signal == 0 ? result->status : 0);
}

static int begin(AlertRun *run, AlertVerdict *v) {
        const ProgramRequest q = { .argv = run->argv,
                                   .environment = (const char *const *)run->environment.variables,
                                   .input = run->input,
                                   .timeout = run->timeout,
                                   .grace = GRACE };
        int r = program_start(run->loop, &q, on_ended, run, &run->program);

        if (r < 0)
                alert_fail(v, ALERT_PENDING, "the hook cannot be started", strerror(-r));
        return r;
}

static void on_turn(void *userdata) {
        AlertRun *run = userdata;
        AlertSending *sending = run->sending;
        AlertVerdict v;

        if (begin(run, &v) >= 0)
                return;
        sending->run = alert_run_free(run);
        alert_finish(sending, &v, 0);
}

static int write_all(const Alert *a, AlertRun *run) {
        _cleanup_free_ char *link = alert_facts_link(&a->facts, a->sender->ways->public_url);
        const AlertMessage m = alert_message(a, link);
        _cleanup_free_ char *subject = NULL, *text = NULL;
        int r;

        r = alert_write_texts(a, &subject, &text);
        if (r >= 0)
                r = alert_message_body(&m, &run->input);
        if (r < 0)
                return r;
        return alert_environment_make(&run->environment,
                                      &(const AlertExec){ .id = a->id,
                                                          .event = a->row->kind,
                                                          .channel = a->row->channel_name,
                                                          .facts = &a->facts,
                                                          .subject = subject,
                                                          .text = text,
                                                          .link = link });
}

static int prepare(const Alert *a, AlertSending *sending, AlertRun **ret, AlertVerdict *v) {
        _cleanup_(alert_run_freep) AlertRun *run = calloc(1, sizeof(*run));
        int r = run ? 0 : -ENOMEM;

        if (run) {
                run->sending = sending;
                run->loop = a->sender->loop;
                run->timeout = a->sender->ways->timeout;
                run->argv = alert_hooks_argv(a->sender->ways->hooks, a->settings.hook);
                r = write_all(a, run);
        }
        if (r < 0) {
                alert_fail(v, ALERT_PENDING, "it cannot be written", strerror(-r));
                return r;
        }
        if (!run->argv) {
                alert_fail(v, ALERT_PENDING, "AlertExec of hub.conf names no such hook",
                           a->settings.hook);
                return -ENOENT;
        }
        *ret = TAKE_PTR(run);
        return 0;
}

int alert_send_exec(const Alert *a, AlertSending *sending, AlertVerdict *v) {
        _cleanup_(alert_run_freep) AlertRun *run = NULL;
        int r;

        r = prepare(a, sending, &run, v);
        if (r >= 0 && turn_take(&a->sender->programs, &run->turn, on_turn, run))
                r = begin(run, v);
        if (r >= 0)
                sending->run = TAKE_PTR(run);
        return r;
}
