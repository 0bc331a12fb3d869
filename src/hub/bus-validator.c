/* Validators as the administrator sees them: those of the database and, merged with them by key,
 * those that wait for approval in memory only. */
#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "hub/bus-deeds.h"
#include "store/validators.h"

#define ROW     "(sssssubsstxx)"
#define BAD_KEY "A validator's key is 43 characters of base64url"
#define NO_SUCH "No validator has this key"

/* The hub knows; the row may be about a connection that never was one. */
static bool is_connected(const Core *core, const ValidatorRow *row) {
        const Validator *v = core ? registry_find_id(core_registry(core), row->id) : NULL;

        return v ? v->session != NULL : row->connected;
}

static int64_t clock_offset(const Core *core, uint32_t id) {
        const Validator *v = core ? registry_find_id(core_registry(core), id) : NULL;

        return v ? v->clock_offset : 0;
}

static int append_row(sd_bus_message *answer, const ValidatorRow *v, const Core *core) {
        char key[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];

        return sd_bus_message_append(answer, ROW, base64url_encode(v->key, sizeof(v->key), key),
                                     v->name, v->state, v->operator_name, v->region, v->asn,
                                     (int)is_connected(core, v), v->version,
                                     v->address ? v->address : "", bus_seconds(v->last_seen),
                                     v->lamports, clock_offset(core, v->id));
}

/* Never approved: nothing but a key, and the name it gave itself. */
static int append_unknown(sd_bus_message *answer, const Validator *v) {
        return sd_bus_message_append(answer, ROW, v->key_text, v->name, standing_name(v->standing),
                                     "", "", (uint32_t)0, (int)(v->session != NULL), "", "",
                                     (uint64_t)0, (int64_t)0, (int64_t)0);
}

static bool read_key(BusCall *c, const char *text, PublicKey *ret) {
        if (base64url_decode(text, ret->bytes, sizeof(ret->bytes)) == (int)sizeof(ret->bytes))
                return true;
        bus_call_fail(c, -EINVAL, BAD_KEY);
        return false;
}

/* Listing -------------------------------------------------------------------------------------- */

typedef struct Wanted {
        const char *state; /* NULL: any */
        PublicKey after;   /* zeros before the first: no key is that */
} Wanted;

static bool read_wanted(BusCall *c, Wanted *ret) {
        const char *after;

        *ret = (Wanted){ 0 };
        if (!bus_call_read_cursor(c, &ret->state, &after))
                return false;
        if (ret->state && standing_from_name(ret->state) < 0) {
                bus_call_fail(c, -EINVAL, "A validator is pending, approved or suspended");
                return false;
        }
        return !after[0] || read_key(c, after, &ret->after);
}

/* At most as many as may wait in memory. */
static size_t collect_waiting(const Core *core, const Wanted *wanted,
                              const Validator *ret[static REGISTRY_PENDING_MAX]) {
        const Validator *v = NULL;
        size_t n = 0;

        if (!core || (wanted->state && strcmp(wanted->state, "pending") != 0))
                return 0;
        while ((v = registry_next(core_registry(core), v)) && n < REGISTRY_PENDING_MAX)
                if (v->id == 0 && memcmp(&v->key, &wanted->after, sizeof(v->key)) > 0)
                        ret[n++] = v;
        return n;
}

static int compare_keys(const void *a, const void *b) {
        const Validator *const *x = a, *const *y = b;

        return memcmp(&(*x)->key, &(*y)->key, sizeof((*x)->key));
}

/* Both lists are sorted. */
typedef struct Merge {
        const ValidatorRow *rows;
        size_t n_rows;
        const Validator *const *waiting;
        size_t n_waiting;
        const uint8_t *last; /* key of the one appended last */
} Merge;

static int append_next(Merge *m, sd_bus_message *answer, const Core *core) {
        if (m->n_waiting > 0 &&
            (m->n_rows == 0 || memcmp(m->waiting[0]->key.bytes, m->rows[0].key, 32) < 0)) {
                m->last = m->waiting[0]->key.bytes;
                m->n_waiting--;
                return append_unknown(answer, *m->waiting++);
        }
        m->last = m->rows->key;
        m->n_rows--;
        m->rows++;
        return append_row(answer, m->rows - 1, core);
}

static void on_listed(int r, const ValidatorRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const Core *core = hub_manager_core(bus_call_userdata(c));
        const Validator *waiting[REGISTRY_PENDING_MAX];
        Merge m = { .rows = rows, .n_rows = n, .waiting = waiting };
        char next[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)] = "";
        sd_bus_message *answer;
        Wanted wanted;

        if (!read_wanted(c, &wanted))
                return;
        answer = bus_call_open_page(c, r, ROW);
        if (!answer)
                return;
        m.n_waiting = collect_waiting(core, &wanted, waiting);
        qsort(waiting, m.n_waiting, sizeof(waiting[0]), compare_keys);
        for (uint32_t i = 0; r >= 0 && i < bus_call_note(c)->limit && m.n_rows + m.n_waiting > 0;
             i++)
                r = append_next(&m, answer, core);
        if (m.last && m.n_rows + m.n_waiting > 0)
                base64url_encode(m.last, SIGN_PUBLIC_SIZE, next);
        bus_call_close_page(c, answer, r, next);
}

void hub_bus_list_validators(BusCall *c, void *userdata) {
        ValidatorPage page;
        Wanted wanted;
        int r;

        if (!read_wanted(c, &wanted))
                return;
        page = (ValidatorPage){ .state = wanted.state,
                                .after = wanted.after.bytes,
                                .limit = bus_call_note(c)->limit + 1 };
        r = validators_page(hub_manager_store(userdata), &page, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* One ------------------------------------------------------------------------------------------ */

static void on_found(int r, const ValidatorRow *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const Core *core = hub_manager_core(bus_call_userdata(c));
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, append_row(answer, rows, core));
}

void hub_bus_show_validator(BusCall *c, void *userdata) {
        const Core *core = hub_manager_core(userdata);
        const Validator *v;
        const char *text;
        PublicKey key;
        int r;

        if (!bus_call_read(c, "s", &text) || !read_key(c, text, &key))
                return;
        v = core ? registry_find(core_registry(core), &key) : NULL;
        if (v && v->id == 0) {
                sd_bus_message *answer = bus_call_answer(c);

                if (answer)
                        bus_call_reply(c, answer, append_unknown(answer, v));
                return;
        }
        r = validator_find(hub_manager_store(userdata), key.bytes, on_found, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* Approving and suspending: a row is made for a key without one, then set. --------------------- */

typedef struct Ruling {
        bool approve;
        PublicKey key;
        const char *operator_name, *region; /* "": as it is */
        uint32_t asn;                       /* 0: as it is */
} Ruling;

/* The arguments stay in the message, so each step reads them anew. */
static bool read_ruling(BusCall *c, Ruling *ret) {
        Ruling ruling = { .operator_name = "", .region = "" };
        const char *member = sd_bus_message_get_member(bus_call_message(c)), *key = NULL;

        ruling.approve = strcmp(member, "ApproveValidator") == 0;
        if (ruling.approve ? !bus_call_read(c, "sssu", &key, &ruling.operator_name, &ruling.region,
                                            &ruling.asn)
                           : !bus_call_read(c, "s", &key))
                return false;
        if (!read_key(c, key, &ruling.key))
                return false;
        if (strlen(ruling.operator_name) >= REGISTRY_NAME_SIZE ||
            strlen(ruling.region) >= REGISTRY_NAME_SIZE) {
                bus_call_fail(c, -EINVAL, "Operator and region have at most 63 characters");
                return false;
        }
        *ret = ruling;
        return true;
}

static void on_set(int r, const ValidatorRow *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        Core *core = hub_manager_core(bus_call_userdata(c));
        char key[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a validator was approved or suspended",
                  "DPIN_ACTOR=%s\nDPIN_VALIDATOR=%s\nDPIN_STATE=%s", bus_call_actor(c),
                  base64url_encode(rows->key, sizeof(rows->key), key), rows->state);
        if (core)
                core_validator_changed(core, rows);
        bus_call_reply_done(c);
}

static const char *unless_empty(const char *text) {
        return text[0] ? text : NULL;
}

static void set(BusCall *c, const Ruling *ruling) {
        ValidatorSet change = {
                .key = ruling->key.bytes,
                .state = ruling->approve ? "approved" : "suspended",
                .operator_name = unless_empty(ruling->operator_name),
                .region = unless_empty(ruling->region),
                .asn = ruling->asn ? (int64_t)ruling->asn : -1,
                .actor = bus_call_actor(c),
        };
        HubManager *m = bus_call_userdata(c);
        int r;

        r = validator_set(hub_manager_store(m), &change, on_set, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

static void on_joined(int r, const ValidatorRow *rows _unused_, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        Ruling ruling;

        if (r < 0)
                bus_call_fail(c, r, NULL);
        else if (read_ruling(c, &ruling))
                set(c, &ruling);
}

static void rule(BusCall *c, void *userdata) {
        const Core *core = hub_manager_core(userdata);
        const Validator *v;
        Ruling ruling;
        int r;

        if (!read_ruling(c, &ruling))
                return;
        v = core ? registry_find(core_registry(core), &ruling.key) : NULL;
        if (!v || v->id > 0) {
                set(c, &ruling);
                return;
        }
        r = validator_join(hub_manager_store(userdata),
                           &(const ValidatorJoin){ .key = ruling.key.bytes,
                                                   .name = v->name,
                                                   .approve = ruling.approve,
                                                   .now = hub_manager_now(userdata) },
                           on_joined, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void hub_bus_approve_validator(BusCall *c, void *userdata) {
        rule(c, userdata);
}

void hub_bus_suspend_validator(BusCall *c, void *userdata) {
        rule(c, userdata);
}
