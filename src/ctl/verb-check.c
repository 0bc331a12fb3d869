/* dpinctl check: one look at a website from this machine. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ctl/ask.h"
#include "ctl/bus.h"
#include "ctl/figures.h"
#include "ctl/print.h"
#include "ctl/waterfall.h"

#define TIMEOUT_DEFAULT_MS 10000u
#define TIMEOUT_MAX_MS     60000u
#define GRACE              (15 * USEC_PER_SEC)

typedef struct Seen {
        Figures figures;
        Table *asserted;
} Seen;

static void seen_done(Seen *s) {
        figures_done(&s->figures);
        table_free(s->asserted);
}

/* Columns of an answer. What is drawn for people is a number in JSON only. */
static const struct {
        TableColumn column;
        const char *figure;
        bool drawn;
} fields[] = {
        { { "Outcome", "outcome", CELL_TEXT }, "outcome", false },
        { { "Error", "error", CELL_TEXT }, "error", false },
        { { "Reason", "reason", CELL_TEXT }, "reason", false },
        { { "Status", "status", CELL_NUMBER }, "status", false },
        { { "Address", "address", CELL_TEXT }, "address", false },
        { { "DNS", "dnsUs", CELL_NUMBER }, "dns_us", true },
        { { "Connect", "connectUs", CELL_NUMBER }, "connect_us", true },
        { { "TLS", "tlsUs", CELL_NUMBER }, "tls_us", true },
        { { "Wait", "waitUs", CELL_NUMBER }, "wait_us", true },
        { { "Transfer", "transferUs", CELL_NUMBER }, "transfer_us", true },
        { { "Total, us", "totalUs", CELL_NUMBER }, "total_us", false },
        { { "Body, bytes", "bodyBytes", CELL_NUMBER }, "body_bytes", false },
        { { "Redirected", "redirected", CELL_BOOL }, "redirected", false },
        { { "Truncated", "truncated", CELL_BOOL }, "truncated", false },
        { { "Certificate until", "certificateExpiresAt", CELL_TIME },
          "certificate_expires",
          false },
};

static const TableColumn asserted_columns[] = {
        { "Asserted", "asserted", CELL_TEXT },
        { "Verdict", "verdict", CELL_TEXT },
        { "Seen", "seen", CELL_TEXT },
        { 0 },
};

/* Showing -------------------------------------------------------------------------------------- */

static uint64_t number_of(const Figures *seen, const char *name) {
        const Figure *x = figures_find(seen, name);

        return x ? x->number : 0;
}

static void add_field(Table *t, const Figures *seen, size_t i) {
        const Figure *x = figures_find(seen, fields[i].figure);

        if (fields[i].column.kind == CELL_TEXT)
                table_text(t, x ? x->text : "");
        else
                table_number(t, x ? (int64_t)x->number : 0);
}

static bool is_shown(size_t i, bool json) {
        return json || !fields[i].drawn;
}

static CtlExit show_record(const Args *args, const Seen *seen) {
        bool json = args->options[OPTION_JSON] != NULL;
        TableColumn columns[ELEMENTSOF(fields) + 2] = { 0 };
        _cleanup_(table_freep) Table *t = NULL;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (is_shown(i, json))
                        columns[n++] = fields[i].column;
        if (json)
                columns[n] = (TableColumn){ "Assertions", "assertions", CELL_TABLE };
        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (is_shown(i, json))
                        add_field(t, &seen->figures, i);
        if (json)
                table_table(t, seen->asserted);
        return print_record(args, t);
}

static void show_phases(const Figures *seen) {
        WaterfallPhase phases[ELEMENTSOF(fields)];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (fields[i].drawn)
                        phases[n++] = (WaterfallPhase){ fields[i].column.title,
                                                        number_of(seen, fields[i].figure) };
        putchar('\n');
        waterfall_print(phases, n, stdout);
}

static CtlExit show(const Args *args, const Seen *seen) {
        CtlExit e = show_record(args, seen);

        if (e != CTL_OK || args->options[OPTION_JSON])
                return e;
        if (number_of(&seen->figures, "total_us") > 0)
                show_phases(&seen->figures);
        if (table_is_empty(seen->asserted))
                return CTL_OK;
        putchar('\n');
        return print_rows_at_once(args, seen->asserted);
}

/* Asking --------------------------------------------------------------------------------------- */

static int read_asserted(sd_bus_message *m, Table *t) {
        const char *texts[3];
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(sss)", &texts[0], &texts[1], &texts[2])) > 0)
                for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                        table_text(t, texts[i]);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_answer(sd_bus_message *answer, Seen *ret) {
        int r;

        r = table_new(&ret->asserted, asserted_columns);
        if (r >= 0)
                r = figures_read(answer, &ret->figures);
        return r < 0 ? r : read_asserted(answer, ret->asserted);
}

typedef struct Question {
        const char *url, *check;
        uint32_t timeout_ms;
} Question;

static CtlExit ask(sd_bus *bus, const Question *q, Seen *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        sd_bus_message *call = bus_prepare(bus, &service_validator, "Check");
        CtlExit e;
        int r;

        if (!call)
                return CTL_FAILED;
        (void)sd_bus_set_method_call_timeout(bus, q->timeout_ms * USEC_PER_MSEC + GRACE);
        e = bus_send(&service_validator, call,
                     sd_bus_message_append(call, "ssu", q->url, q->check, q->timeout_ms), &answer);
        if (e != CTL_OK)
                return e;
        r = read_answer(answer, ret);
        return r < 0 ? bus_garbled(&service_validator, r) : CTL_OK;
}

static bool read_timeout(const Args *args, uint32_t *ret) {
        const char *timeout = args->options[OPTION_TIMEOUT];
        uint64_t ms = TIMEOUT_DEFAULT_MS;

        if (timeout && (args_duration_ms(timeout, &ms) < 0 || ms < 100 || ms > TIMEOUT_MAX_MS)) {
                fprintf(stderr, "dpinctl: --timeout: \"%s\" is no time from 100ms to 60s\n",
                        timeout);
                return false;
        }
        *ret = (uint32_t)ms;
        return true;
}

/* CTL_FAILED, too, when the website is not up. */
CtlExit verb_check(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(seen_done) Seen seen = { 0 };
        _cleanup_free_ char *check = NULL;
        Question q = { .url = words[0] };
        const Figure *outcome;
        CtlExit e;

        if (!read_timeout(args, &q.timeout_ms))
                return CTL_USAGE;
        e = ask_read(args, &check);
        q.check = check;
        if (e == CTL_OK)
                e = bus_open(args, &bus);
        if (e == CTL_OK)
                e = ask(bus, &q, &seen);
        if (e == CTL_OK)
                e = show(args, &seen);
        outcome = figures_find(&seen.figures, "outcome");
        if (e != CTL_OK)
                return e;
        return outcome && strcmp(outcome->text, "up") == 0 ? CTL_OK : CTL_FAILED;
}
