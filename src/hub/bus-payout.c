/* Payouts: asked for by the API, approved and settled here. The money itself moves outside. */
#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "hub/bus-deeds.h"
#include "store/ledger.h"

#define ROW             "(sssxssttt)"
#define ID              "A payout's id"
#define NO_SUCH         "No payout has this id"
#define TRANSACTION_MAX 200

/* Listing -------------------------------------------------------------------------------------- */

static int append_row(sd_bus_message *answer, const void *row) {
        const PayoutRow *p = row;
        char id[UUID_TEXT_SIZE], key[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];

        return sd_bus_message_append(
                        answer, ROW, uuid_format(&p->id, id),
                        base64url_encode(p->validator_key, sizeof(p->validator_key), key),
                        p->validator_name, p->lamports, p->status,
                        p->transaction ? p->transaction : "", bus_seconds(p->requested),
                        bus_seconds(p->approved), bus_seconds(p->settled));
}

static void on_listed(int r, const PayoutRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(PayoutRow, id),
                                        .append = append_row });
}

static bool is_status(const char *text) {
        static const char *const names[] = { "requested", "approved", "settled" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strcmp(text, names[i]) == 0)
                        return true;
        return false;
}

void hub_bus_list_payouts(BusCall *c, void *userdata) {
        PayoutPage page = { 0 };
        StorePage ids;
        int r;

        if (!bus_call_read_page(c, &page.status, &ids))
                return;
        if (page.status && !is_status(page.status)) {
                bus_call_fail(c, -EINVAL, "A payout is requested, approved or settled");
                return;
        }
        page.after = ids.after;
        page.limit = ids.limit;
        r = payouts_load(hub_manager_store(userdata), &page, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Steps: each may be said again. --------------------------------------------------------------- */

static void finish_step(BusCall *c, const PayoutRow *p, const char *what) {
        char key[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];
        sd_bus_message *answer;

        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, what,
                  "DPIN_ACTOR=%s\nDPIN_PAYOUT=%s\nDPIN_VALIDATOR=%s\nDPIN_LAMPORTS=%lld",
                  bus_call_actor(c), bus_call_note(c)->id,
                  base64url_encode(p->validator_key, sizeof(p->validator_key), key),
                  (long long)p->lamports);
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, sd_bus_message_append(answer, "s", p->status));
}

static void on_approved(int r, const PayoutRow *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0)
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
        else
                finish_step(c, rows, "a payout was approved");
}

void hub_bus_approve_payout(BusCall *c, void *userdata) {
        PayoutStep step = { .actor = bus_call_actor(c) };
        int r;

        if (!bus_call_read_id(c, ID, &step.id))
                return;
        r = payout_approve(hub_manager_store(userdata), &step, on_approved, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

static bool is_printable(const char *text) {
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p <= ' ' || *p == 0x7f)
                        return false;
        return true;
}

static bool read_settlement(BusCall *c, PayoutStep *ret) {
        const char *id;

        if (!bus_call_read_id(c, ID, &ret->id) || !bus_call_read(c, "ss", &id, &ret->transaction))
                return false;
        if (strlen(ret->transaction) >= 1 && strlen(ret->transaction) <= TRANSACTION_MAX &&
            is_printable(ret->transaction))
                return true;
        bus_call_fail(c, -EINVAL, "A transaction's id has 1 to 200 characters and no blanks");
        return false;
}

static void on_settled(int r, const PayoutRow *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        PayoutStep step = { 0 };

        if (r < 0)
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
        else if (!read_settlement(c, &step))
                return;
        else if (strcmp(rows->status, "settled") != 0)
                bus_call_fail(c, -ESTALE, "This payout is not approved yet");
        else if (!rows->transaction || strcmp(rows->transaction, step.transaction) != 0)
                bus_call_fail(c, -ESTALE, "This payout was settled by another transaction");
        else
                finish_step(c, rows, "a payout was settled");
}

void hub_bus_settle_payout(BusCall *c, void *userdata) {
        PayoutStep step = { .actor = bus_call_actor(c) };
        int r;

        if (!read_settlement(c, &step))
                return;
        r = payout_settle(hub_manager_store(userdata), &step, on_settled, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
