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

typedef struct Waiting {
        BusChecks *checks;
        sd_bus_message *message;
        Check *check;
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

static int append_result(sd_bus_message *answer, const Tick *t) {
        const char *error = t->error ? tick_error_name(t->error) : "";
        char address[INET6_ADDRSTRLEN];
        int r;

        r = sd_bus_message_open_container(answer, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(answer, "{sv}{sv}{sv}{sv}", "outcome", "s",
                                          tick_outcome_name(t->outcome), "error", "s", error,
                                          "status", "u", (uint32_t)t->status, "address", "s",
                                          address_text(t, address));
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

static int reply(sd_bus_message *m, const Tick *seen) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &answer);
        if (r >= 0)
                r = append_result(answer, seen);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static void on_checked(const CheckResult *result, void *userdata) {
        Waiting *w = userdata;
        int r;

        w->check = NULL;
        r = reply(w->message, &result->seen);
        if (r < 0)
                (void)sd_bus_reply_method_errno(w->message, r, NULL);
        forget(w);
}

/* Questions ------------------------------------------------------------------------------------ */

/* NULL: it can be checked. */
static const char *refusal(const char *url, uint32_t timeout_ms) {
        const char *reason = NULL;

        if (target_check(url, NULL, &reason) < 0)
                return reason;
        if (timeout_ms < TIMEOUT_MIN_MS || timeout_ms > TIMEOUT_MAX_MS)
                return "A timeout is 100 to 60000 ms";
        return NULL;
}

static int start(BusChecks *c, sd_bus_message *m, const CheckRequest *request) {
        Waiting *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        *w = (Waiting){ .checks = c, .message = sd_bus_message_ref(m) };
        DL_APPEND(c->first, w);
        c->n++;
        r = checker_start(validator_manager_checker(c->manager), request, on_checked, w, &w->check);
        if (r < 0)
                forget(w);
        return r < 0 ? r : 1;
}

int bus_checks_start(BusChecks *c, sd_bus_message *m) {
        _cleanup_(spec_done) Spec spec = {};
        const char *url, *reason;
        uint32_t timeout_ms;
        int r;

        r = sd_bus_message_read(m, "su", &url, &timeout_ms);
        if (r < 0)
                return r;
        timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_DEFAULT_MS;
        reason = refusal(url, timeout_ms);
        if (reason)
                return sd_bus_reply_method_errorf(m, "org.dpin.Error.Invalid", "%s", reason);
        if (c->n >= BUS_CHECKS_MAX)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                  "Too many checks are under way");
        r = spec_default(&spec, url);
        if (r < 0)
                return r;
        return start(c, m,
                     &(const CheckRequest){ .spec = &spec, .timeout = timeout_ms * USEC_PER_MSEC });
}
