/* A list of messages that wait for their check. */
#include "validator/bus-check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#define TIMEOUT_DEFAULT_MS 10000u
#define TIMEOUT_MIN_MS     100u
#define TIMEOUT_MAX_MS     60000u
#define SECONDS_PER_DAY    UINT64_C(86400)
#define REASON_SIZE        (ASSERT_SENTENCE_SIZE + 96)

typedef struct Waiting {
        BusChecks *checks;
        sd_bus_message *message;
        Check *check;
        Spec spec; /* own */
        CheckStory story;
        struct Waiting *prev, *next;
} Waiting;

struct BusChecks {
        ValidatorManager *manager; /* borrowed */
        Waiting *first;
        unsigned n;
};

int bus_checks_new(BusChecks **ret, ValidatorManager *m) {
        BusChecks *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->manager = m;
        *ret = c;
        return 0;
}

static void forget(Waiting *w) {
        DL_DELETE(w->checks->first, w);
        w->checks->n--;
        check_cancel(w->check);
        sd_bus_message_unref(w->message);
        spec_done(&w->spec);
        free(w);
}

BusChecks *bus_checks_free(BusChecks *c) {
        if (!c)
                return NULL;
        while (c->first)
                forget(c->first);
        free(c);
        return NULL;
}

/* Answers -------------------------------------------------------------------------------------- */

static const char *address_text(const Tick *t, char ret[static INET6_ADDRSTRLEN]) {
        if (t->family == 0)
                return "";
        return inet_ntop(t->family == 4 ? AF_INET : AF_INET6, t->address, ret, INET6_ADDRSTRLEN);
}

static int append_phases(sd_bus_message *answer, const Tick *t) {
        return sd_bus_message_append(answer, "{sv}{sv}{sv}{sv}{sv}{sv}", "dns_us", "u",
                                     t->phases.dns, "connect_us", "u", t->phases.connect, "tls_us",
                                     "u", t->phases.tls, "wait_us", "u", t->phases.wait,
                                     "transfer_us", "u", t->phases.transfer, "total_us", "t",
                                     tick_total(t));
}

/* "The name could not be resolved", and in brackets what the check tells. */
static void put_reason(const CheckResult *r, const CheckStory *story,
                       char ret[static REASON_SIZE]) {
        static const char *const refusals[_CHECK_REFUSAL_MAX] = {
                [CHECK_REFUSED_BUDGET] = "The validator's owner lets no more be checked just now",
                [CHECK_REFUSED_OPT_OUT] = "The website does not want to be checked",
        };
        const char *text = refusals[r->refusal] ?: tick_error_text(r->seen.error);

        snprintf(ret, REASON_SIZE, story->detail[0] && r->seen.error ? "%s (%s)" : "%s", text,
                 story->detail);
}

static int append_result(sd_bus_message *answer, const CheckResult *result,
                         const CheckStory *story) {
        const Tick *t = &result->seen;
        const char *error = t->error ? tick_error_name(t->error) : "";
        char address[INET6_ADDRSTRLEN], reason[REASON_SIZE];
        int r;

        put_reason(result, story, reason);
        r = sd_bus_message_open_container(answer, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(answer, "{sv}{sv}{sv}{sv}{sv}", "outcome", "s",
                                          tick_outcome_name(t->outcome), "error", "s", error,
                                          "reason", "s", reason, "status", "u", (uint32_t)t->status,
                                          "address", "s", address_text(t, address));
        if (r >= 0)
                r = append_phases(answer, t);
        if (r >= 0)
                r = sd_bus_message_append(answer, "{sv}{sv}{sv}{sv}", "body_bytes", "u",
                                          t->body_length, "certificate_expires", "t",
                                          t->expiry_days * SECONDS_PER_DAY, "redirected", "b",
                                          (t->flags & TICK_REDIRECTED) != 0, "truncated", "b",
                                          (t->flags & TICK_TRUNCATED) != 0);
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

static int append_assertions(sd_bus_message *answer, const Waiting *w) {
        char asserted[ASSERT_SENTENCE_SIZE], told[ASSERT_SENTENCE_SIZE];
        const Assertion *a = w->spec.assertions.items;
        const AssertOutcome *o = w->story.assertions;
        int r;

        r = sd_bus_message_open_container(answer, 'a', "(sss)");
        for (size_t i = 0; i < w->story.n_assertions && r >= 0; i++)
                r = sd_bus_message_append(answer, "(sss)", assert_question(&a[i], asserted),
                                          assert_verdict_name(o[i].verdict),
                                          assert_answer(&o[i], told));
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

static int reply(const Waiting *w, const CheckResult *result) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r;

        r = sd_bus_message_new_method_return(w->message, &answer);
        if (r >= 0)
                r = append_result(answer, result, &w->story);
        if (r >= 0)
                r = append_assertions(answer, w);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static void on_checked(const CheckResult *result, void *userdata) {
        Waiting *w = userdata;
        int r;

        w->check = NULL;
        r = reply(w, result);
        if (r < 0)
                (void)sd_bus_reply_method_errno(w->message, r, NULL);
        forget(w);
}

/* Questions ------------------------------------------------------------------------------------ */

static int refuse(sd_bus_message *m, const char *reason) {
        return sd_bus_reply_method_errorf(m, "org.dpin.Error.Invalid", "%s", reason);
}

/* 0, or the answer is given. */
static int read_spec(sd_bus_message *m, const char *url, const char *check, Spec *ret) {
        const char *options = *check ? check : NULL, *reason = NULL;
        _cleanup_free_ char *text = NULL;
        char full[SPEC_REASON_SIZE];
        int r;

        if (target_check(url, NULL, &reason) < 0)
                return refuse(m, reason);
        r = spec_ask(url, options, &text, &reason);
        if (r == -EINVAL)
                return refuse(m, spec_reason(url, options, reason, full));
        if (r == -EBADMSG) {
                snprintf(full, sizeof(full), "The check does not go with this kind of URL: %s",
                         reason ? reason : "it is not understood");
                return refuse(m, full);
        }
        if (r < 0)
                return r;
        return *text ? spec_parse(text, strlen(text), ret, NULL) : spec_default(ret, url);
}

/* Takes the specification. */
static int start(BusChecks *c, sd_bus_message *m, Spec *spec, usec_t timeout) {
        Waiting *w = calloc(1, sizeof(*w));
        CheckRequest request = { .timeout = timeout };
        int r;

        if (!w) {
                spec_done(spec);
                return -ENOMEM;
        }
        *w = (Waiting){ .checks = c, .message = sd_bus_message_ref(m), .spec = *spec };
        DL_APPEND(c->first, w);
        c->n++;
        request.spec = &w->spec;
        request.story = &w->story;
        r = checker_start(validator_manager_checker(c->manager), &request, on_checked, w,
                          &w->check);
        if (r < 0)
                forget(w);
        if (r == -EPROTONOSUPPORT)
                return refuse(m, "This validator cannot do this kind of check");
        return r < 0 ? r : 1;
}

int bus_checks_start(BusChecks *c, sd_bus_message *m) {
        const char *url, *check;
        uint32_t timeout_ms;
        Spec spec = {};
        int r;

        r = sd_bus_message_read(m, "ssu", &url, &check, &timeout_ms);
        if (r < 0)
                return r;
        timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_DEFAULT_MS;
        if (timeout_ms < TIMEOUT_MIN_MS || timeout_ms > TIMEOUT_MAX_MS)
                return refuse(m, "A timeout is 100 to 60000 ms");
        if (c->n >= BUS_CHECKS_MAX)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                  "Too many checks are under way");
        r = read_spec(m, url, check, &spec);
        return r != 0 ? r : start(c, m, &spec, timeout_ms * USEC_PER_MSEC);
}
