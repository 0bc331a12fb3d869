/* dpinctl committee: how it was chosen, and that it was chosen as was promised. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/time.h"
#include "ctl/bus.h"
#include "ctl/print.h"
#include "ctl/recount.h"
#include "wire/rules.h"

#define LISTED     "(ayayay)"
#define ORDERS_MAX 1000 /* as the hub tells at most */

typedef struct StoredOrder {
        int64_t seat;
        PublicKey validator;
        uint64_t epoch, starts, removed;
        JsonBytes order, root, signature, path;
} StoredOrder;

typedef struct Stored {
        JsonArray orders;
} Stored;

/* What the hub has answered; borrowed from the message but for the list and the orders. */
typedef struct Told {
        RecountEpoch epoch;
        uint64_t starts, ends, revealed;
        const char *caps, *rules;
        RecountListed *listed;
        Stored stored;
} Told;

static const JsonField order_fields[] = {
        { "seat", JSON_NUMBER, .offset = offsetof(StoredOrder, seat), .max = UINT8_MAX },
        { "validator", JSON_FIXED, .offset = offsetof(StoredOrder, validator),
          .size = SIGN_PUBLIC_SIZE },
        { "epoch", JSON_U64, .offset = offsetof(StoredOrder, epoch) },
        { "startsAt", JSON_U64, .offset = offsetof(StoredOrder, starts) },
        { "removedAt", JSON_U64, .offset = offsetof(StoredOrder, removed) },
        { "order", JSON_BYTES, .offset = offsetof(StoredOrder, order), .size = ORDER_SIZE_MAX },
        { "root", JSON_BYTES, .offset = offsetof(StoredOrder, root), .size = SIGN_HASH_SIZE },
        { "signature", JSON_BYTES, .offset = offsetof(StoredOrder, signature),
          .size = SIGN_SIGNATURE_SIZE },
        { "path", JSON_BYTES, .offset = offsetof(StoredOrder, path),
          .size = RECOUNT_PATH_MAX * SIGN_HASH_SIZE },
        { 0 },
};

static const JsonField stored_fields[] = {
        { "orders", JSON_ARRAY, .offset = offsetof(Stored, orders), .size = sizeof(StoredOrder),
          .max = ORDERS_MAX, .fields = order_fields },
        { 0 },
};

static void told_done(Told *t) {
        free(t->listed);
        json_done(stored_fields, &t->stored);
}

/* Reading -------------------------------------------------------------------------------------- */

/* 1; 0: it is empty. */
static int read_bytes(sd_bus_message *m, void *ret, size_t size) {
        const void *bytes;
        size_t n;
        int r;

        r = sd_bus_message_read_array(m, 'y', &bytes, &n);
        if (r < 0)
                return r;
        if (n == 0)
                return 0;
        if (n != size)
                return -EBADMSG;
        memcpy(ret, bytes, size);
        return 1;
}

static int read_listed(sd_bus_message *m, RecountListed *ret) {
        int r;

        r = sd_bus_message_enter_container(m, 'r', "ayayay");
        if (r <= 0)
                return r;
        r = read_bytes(m, ret->key, sizeof(ret->key));
        if (r > 0)
                r = read_bytes(m, ret->salt, sizeof(ret->salt));
        ret->salted = r > 0;
        if (r >= 0)
                r = read_bytes(m, ret->origin, sizeof(ret->origin));
        if (r <= 0)
                return r < 0 ? r : -EBADMSG;
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

static int read_list(sd_bus_message *m, Told *ret) {
        RecountListed next = { 0 };
        size_t room = 0;
        int r;

        r = sd_bus_message_enter_container(m, 'a', LISTED);
        while (r >= 0 && (r = read_listed(m, &next)) > 0) {
                if (array_reserve(&ret->listed, &room, ret->epoch.n_listed + 1, sizeof(next)) < 0)
                        return -ENOMEM;
                ret->listed[ret->epoch.n_listed++] = next;
        }
        ret->epoch.listed = ret->listed;
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_orders(sd_bus_message *m, Told *ret) {
        _cleanup_free_ char *whole = NULL;
        const char *orders;
        int r;

        r = sd_bus_message_read(m, "s", &orders);
        if (r < 0)
                return r;
        if (asprintf(&whole, "{\"orders\":%s}", orders) < 0) {
                whole = NULL;
                return -ENOMEM;
        }
        return json_read(whole, strlen(whole), stored_fields, &ret->stored, NULL);
}

/* What the choice was made by, of what was told in words. */
static int read_words(Told *t) {
        char reason[RULES_REASON_SIZE];
        Rules rules;
        int caps;

        if (t->epoch.asked == 0)
                return 0;
        caps = cap_level_from_name(t->caps);
        if (caps < 0 || rules_parse(t->rules, &rules, reason) < 0)
                return -EBADMSG;
        t->epoch.caps = (CapLevel)caps;
        t->epoch.minima = (Minima){ .regions = rules_least(&rules, RULE_REGION),
                                    .asns = rules_least(&rules, RULE_ASN),
                                    .operators = rules_least(&rules, RULE_OPERATOR) };
        return 0;
}

static int read_secret(sd_bus_message *m, Told *ret) {
        const void *secret;
        size_t n;
        int r;

        r = sd_bus_message_read_array(m, 'y', &secret, &n);
        if (r < 0)
                return r;
        if (n != 0 && n != SHA256_SIZE)
                return -EBADMSG;
        ret->epoch.secret = n ? secret : NULL;
        return 0;
}

static int read_keys(sd_bus_message *m, RecountEpoch *e) {
        void *const members[] = { &e->network, &e->commitment, &e->root };

        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                int r = read_bytes(m, members[i], SIGN_HASH_SIZE);

                if (r <= 0)
                        return r < 0 ? r : -EBADMSG;
        }
        return 0;
}

static int read_answer(sd_bus_message *m, Told *ret) {
        RecountEpoch *e = &ret->epoch;
        int unmet, r;

        r = sd_bus_message_read(m, "ttttyyssb", &e->number, &ret->starts, &ret->ends,
                                &ret->revealed, &e->n, &e->asked, &ret->caps, &ret->rules, &unmet);
        if (r < 0)
                return r;
        e->unmet = unmet;
        r = read_words(ret);
        if (r >= 0)
                r = read_keys(m, e);
        if (r >= 0)
                r = read_secret(m, ret);
        if (r >= 0)
                r = read_list(m, ret);
        return r < 0 ? r : read_orders(m, ret);
}

/* Showing -------------------------------------------------------------------------------------- */

static const TableColumn columns[] = {
        { "Epoch", "epoch", CELL_NUMBER },
        { "Starts", "startsAt", CELL_TIME },
        { "Ends", "endsAt", CELL_TIME },
        { "Told from", "toldFrom", CELL_TIME },
        { "Told", "told", CELL_BOOL },
        { "Seats", "seats", CELL_NUMBER },
        { "Configured", "configured", CELL_NUMBER },
        { "Caps", "caps", CELL_TEXT },
        { "Rules", "rules", CELL_TEXT },
        { "Too alike", "unmet", CELL_BOOL },
        { "Eligible", "eligible", CELL_NUMBER },
        { "Commitment", "commitment", CELL_TEXT },
        { "Root", "root", CELL_TEXT },
        { "Checks", "checks", CELL_TABLE }, /* in JSON; for people they follow */
        { "Orders", "orders", CELL_TABLE },
        { 0 },
};
#define FOLLOWING 3 /* the last ones, with the end */

static const TableColumn check_columns[] = {
        { "CHECK", "check", CELL_TEXT },
        { "FINDING", "finding", CELL_TEXT },
        { 0 },
};

static const TableColumn order_columns[] = {
        { "SEAT", "seat", CELL_NUMBER },     { "VALIDATOR", "validatorId", CELL_TEXT },
        { "PLACE", "place", CELL_NUMBER },   { "CHOSEN", "chosen", CELL_BOOL },
        { "EPOCH", "epoch", CELL_NUMBER },   { "FROM", "startsAt", CELL_TIME },
        { "UNTIL", "removedAt", CELL_TIME }, { "FINDING", "finding", CELL_TEXT },
        { "NOTE", "note", CELL_TEXT },       { 0 },
};

typedef struct View {
        Table *checks, *orders;
        unsigned differ;
} View;

static void view_done(View *v) {
        table_free(v->checks);
        table_free(v->orders);
}

static void add_check(View *v, RecountCheck check, RecountFinding finding) {
        table_text(v->checks, recount_check_name(check));
        table_text(v->checks, recount_finding_name(finding));
        v->differ += finding == RECOUNT_DIFFERS;
}

static bool order_of(const StoredOrder *stored, RecountOrder *ret) {
        bool sent = stored->signature.n > 0;

        *ret = (RecountOrder){ .validator = stored->validator,
                               .bytes = stored->order.data,
                               .n = stored->order.n,
                               .sent = sent,
                               .path = (const Hash *)stored->path.data,
                               .n_path = stored->path.n / SIGN_HASH_SIZE };
        if (!sent)
                return true;
        if (stored->signature.n != sizeof(ret->signature) || stored->root.n != sizeof(ret->root) ||
            stored->path.n % SIGN_HASH_SIZE != 0)
                return false;
        memcpy(&ret->signature, stored->signature.data, sizeof(ret->signature));
        memcpy(&ret->root, stored->root.data, sizeof(ret->root));
        return true;
}

static void add_order(View *v, const Told *t, const Recount *r, const StoredOrder *stored) {
        RecountSeat seat = { .finding = RECOUNT_DIFFERS, .note = "its proof has another size" };
        char key[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];
        RecountOrder order;

        if (order_of(stored, &order))
                recount_order(&t->epoch, r, &order, &seat);
        table_number(v->orders, stored->seat);
        table_text(v->orders, base64url_encode(stored->validator.bytes, SIGN_PUBLIC_SIZE, key));
        table_number(v->orders, (int64_t)seat.place);
        table_number(v->orders, seat.chosen);
        table_number(v->orders, (int64_t)stored->epoch);
        table_number(v->orders, (int64_t)(stored->starts / USEC_PER_SEC));
        table_number(v->orders, (int64_t)(stored->removed / USEC_PER_SEC));
        table_text(v->orders, recount_finding_name(seat.finding));
        table_text(v->orders, seat.note);
        v->differ += seat.finding == RECOUNT_DIFFERS;
}

static int make_view(const Told *t, View *ret) {
        const StoredOrder *orders = t->stored.orders.items;
        Recount recount;
        int r;

        if (table_new(&ret->checks, check_columns) < 0 ||
            table_new(&ret->orders, order_columns) < 0)
                return -ENOMEM;
        r = recount_epoch(&t->epoch, &recount);
        if (r < 0)
                return r;
        for (RecountCheck i = 0; i < _RECOUNT_CHECK_MAX; i++)
                add_check(ret, i, recount.checks[i]);
        for (size_t i = 0; i < t->stored.orders.n; i++)
                add_order(ret, t, &recount, &orders[i]);
        recount_done(&recount);
        return 0;
}

static void add_epoch(Table *table, const Told *t) {
        const RecountEpoch *e = &t->epoch;
        const uint64_t times[] = { t->starts, t->ends, t->revealed };
        char text[BASE64URL_SIZE(SIGN_HASH_SIZE)];

        table_number(table, (int64_t)e->number);
        for (size_t i = 0; i < ELEMENTSOF(times); i++)
                table_number(table, (int64_t)(times[i] / USEC_PER_SEC));
        table_number(table, e->secret != NULL);
        table_number(table, e->n);
        table_number(table, e->asked);
        table_text(table, t->caps);
        table_text(table, t->rules);
        table_number(table, e->unmet);
        table_number(table, (int64_t)e->n_listed);
        table_text(table, base64url_encode(e->commitment.bytes, SIGN_HASH_SIZE, text));
        table_text(table, base64url_encode(e->root.bytes, SIGN_HASH_SIZE, text));
}

static CtlExit print_view(const Args *args, const Told *t, const View *v) {
        _cleanup_(table_freep) Table *table = NULL;
        TableColumn shown[ELEMENTSOF(columns)];
        bool json = args->options[OPTION_JSON] != NULL;
        CtlExit e;

        memcpy(shown, columns, sizeof(columns));
        if (!json)
                shown[ELEMENTSOF(columns) - FOLLOWING] = (TableColumn){ 0 };
        if (table_new(&table, shown) < 0)
                return CTL_FAILED;
        add_epoch(table, t);
        if (json) {
                table_table(table, v->checks);
                table_table(table, v->orders);
                return print_record(args, table);
        }
        e = print_record(args, table);
        putchar('\n');
        if (e == CTL_OK)
                e = print_rows_at_once(args, v->checks);
        putchar('\n');
        return e == CTL_OK ? print_rows_at_once(args, v->orders) : e;
}

static CtlExit show(const Args *args, const Told *t) {
        _cleanup_(view_done) View v = { 0 };
        CtlExit e;

        if (make_view(t, &v) < 0)
                return CTL_FAILED;
        e = print_view(args, t, &v);
        if (e != CTL_OK || v.differ == 0)
                return e;
        fprintf(stderr, "dpinctl: %u of the findings differ from what was promised\n", v.differ);
        return CTL_FAILED;
}

/* Asking --------------------------------------------------------------------------------------- */

static bool read_number(const char *word, uint32_t *ret) {
        if (!word || (args_number(word, UINT32_MAX, ret) == 0 && *ret > 0))
                return true;
        fprintf(stderr, "dpinctl: \"%s\" is no number of an epoch: they begin with 1\n", word);
        return false;
}

/* CTL_FAILED, too, when something differs. */
CtlExit verb_committee(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_(told_done) Told told = { 0 };
        uint32_t number = 0;
        CtlExit e;
        int r;

        if (!read_number(words[1], &number))
                return CTL_USAGE;
        e = bus_ask(args, &(const BusMethod){ &service_hub, "ShowCommittee" }, &answer, "st",
                    words[0], (uint64_t)number);
        if (e != CTL_OK)
                return e;
        r = uuid_parse(words[0], &told.epoch.website);
        if (r >= 0)
                r = read_answer(answer, &told);
        return r < 0 ? bus_garbled(&service_hub, r) : show(args, &told);
}
