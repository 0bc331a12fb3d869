/* dpinctl check: one look at a website from this machine. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ctl/bus.h"
#include "ctl/figures.h"
#include "ctl/print.h"

#define TIMEOUT_DEFAULT_MS 10000u
#define TIMEOUT_MAX_MS     60000u
#define GRACE              (15 * USEC_PER_SEC)

static const struct {
        TableColumn column;
        const char *figure;
} fields[] = {
        { { "Outcome", "outcome", CELL_TEXT }, "outcome" },
        { { "Error", "error", CELL_TEXT }, "error" },
        { { "Status", "status", CELL_NUMBER }, "status" },
        { { "Address", "address", CELL_TEXT }, "address" },
        { { "DNS, us", "dnsUs", CELL_NUMBER }, "dns_us" },
        { { "Connect, us", "connectUs", CELL_NUMBER }, "connect_us" },
        { { "TLS, us", "tlsUs", CELL_NUMBER }, "tls_us" },
        { { "Wait, us", "waitUs", CELL_NUMBER }, "wait_us" },
        { { "Transfer, us", "transferUs", CELL_NUMBER }, "transfer_us" },
        { { "Total, us", "totalUs", CELL_NUMBER }, "total_us" },
        { { "Body, bytes", "bodyBytes", CELL_NUMBER }, "body_bytes" },
        { { "Redirected", "redirected", CELL_BOOL }, "redirected" },
        { { "Truncated", "truncated", CELL_BOOL }, "truncated" },
        { { "Certificate until", "certificateExpiresAt", CELL_TIME }, "certificate_expires" },
};

static CtlExit show(const Args *args, const Figures *seen) {
        TableColumn columns[ELEMENTSOF(fields) + 1] = { 0 };
        _cleanup_(table_freep) Table *t = NULL;

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                columns[i] = fields[i].column;
        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                const Figure *x = figures_find(seen, fields[i].figure);

                if (columns[i].kind == CELL_TEXT)
                        table_text(t, x ? x->text : "");
                else
                        table_number(t, x ? (int64_t)x->number : 0);
        }
        return print_record(args, t);
}

static CtlExit ask(sd_bus *bus, const char *url, uint32_t timeout_ms, Figures *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        sd_bus_message *call = bus_prepare(bus, &service_validator, "CheckUrl");
        CtlExit e;
        int r;

        if (!call)
                return CTL_FAILED;
        (void)sd_bus_set_method_call_timeout(bus, timeout_ms * USEC_PER_MSEC + GRACE);
        e = bus_send(&service_validator, call, sd_bus_message_append(call, "su", url, timeout_ms),
                     &answer);
        if (e != CTL_OK)
                return e;
        r = figures_read(answer, ret);
        return r < 0 ? bus_garbled(&service_validator, r) : CTL_OK;
}

/* CTL_FAILED, too, when the website is not up. */
CtlExit verb_check(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(figures_done) Figures seen = { 0 };
        const char *timeout = args->options[OPTION_TIMEOUT];
        uint64_t ms = TIMEOUT_DEFAULT_MS;
        const Figure *outcome;
        CtlExit e;

        if (timeout && (args_duration_ms(timeout, &ms) < 0 || ms < 100 || ms > TIMEOUT_MAX_MS)) {
                fprintf(stderr, "dpinctl: --timeout: \"%s\" is no time from 100ms to 60s\n",
                        timeout);
                return CTL_USAGE;
        }
        e = bus_open(args, &bus);
        if (e == CTL_OK)
                e = ask(bus, words[0], (uint32_t)ms, &seen);
        if (e == CTL_OK)
                e = show(args, &seen);
        outcome = figures_find(&seen, "outcome");
        if (e != CTL_OK)
                return e;
        return outcome && strcmp(outcome->text, "up") == 0 ? CTL_OK : CTL_FAILED;
}
