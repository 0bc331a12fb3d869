/* Validators as the administrator sees them: those of the database, then those that wait for
 * approval in memory only. */
#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "hub/bus-deeds.h"
#include "store/validators.h"

#define ROW "(sssssubsstx)"

/* One page of both lists laid end to end. */
typedef struct Page {
        sd_bus_message *answer;
        uint32_t skip, left;
} Page;

static bool page_wants(Page *p) {
        if (p->skip > 0) {
                p->skip--;
                return false;
        }
        if (p->left == 0)
                return false;
        p->left--;
        return true;
}

static uint64_t seconds(usec_t t) {
        return t == USEC_INFINITY ? 0 : t / USEC_PER_SEC;
}

/* The hub knows; the row may be about a connection that never was one. */
static bool is_connected(const Core *core, const ValidatorRow *row) {
        const Validator *v = core ? registry_find_id(core_registry(core), row->id) : NULL;

        return v ? v->session != NULL : row->connected;
}

static int append_row(Page *p, const ValidatorRow *v, bool connected) {
        char key[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];

        if (!page_wants(p))
                return 0;
        return sd_bus_message_append(p->answer, ROW, base64url_encode(v->key, sizeof(v->key), key),
                                     v->name, v->state, v->operator_name, v->region, v->asn,
                                     (int)connected, v->version, v->address ? v->address : "",
                                     seconds(v->last_seen), v->lamports);
}

/* Never approved: nothing but a key, and the name it gave itself. */
static int append_unknown(Page *p, const Validator *v) {
        if (!page_wants(p))
                return 0;
        return sd_bus_message_append(p->answer, ROW, v->key_text, v->name,
                                     standing_name(v->standing), "", "", (uint32_t)0,
                                     (int)(v->session != NULL), "", "", (uint64_t)0, (int64_t)0);
}

static int append_page(Page *p, const ValidatorRow *rows, size_t n, const Core *core) {
        int r;

        r = sd_bus_message_open_container(p->answer, 'a', ROW);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = append_row(p, &rows[i], is_connected(core, &rows[i]));
        for (const Validator *v = core ? registry_next(core_registry(core), NULL) : NULL;
             r >= 0 && v; v = registry_next(core_registry(core), v))
                if (v->id == 0)
                        r = append_unknown(p, v);
        return r < 0 ? r : sd_bus_message_close_container(p->answer);
}

static void on_listed(int r, const ValidatorRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        Page page = { .skip = bus_call_note(c)->offset, .left = bus_call_note(c)->limit };

        if (r < 0) {
                bus_call_fail(c, r, NULL);
                return;
        }
        page.answer = bus_call_answer(c);
        if (!page.answer)
                return;
        r = append_page(&page, rows, n, hub_manager_core(bus_call_userdata(c)));
        bus_call_reply(c, page.answer, r);
}

void hub_bus_list_validators(BusCall *c, void *userdata) {
        int r;

        if (!bus_call_read_page(c))
                return;
        r = validators_load(hub_manager_store(userdata), on_listed, c, bus_call_handle(c));
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
        if (base64url_decode(key, ruling.key.bytes, sizeof(ruling.key.bytes)) !=
            (int)sizeof(ruling.key.bytes)) {
                bus_call_fail(c, -EINVAL, "A validator's key is 43 characters of base64url");
                return false;
        }
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
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? "No validator has this key" : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a validator was approved or suspended",
                  "DPIN_ACTOR=%s\nDPIN_VALIDATOR=%s\nDPIN_STATE=%s", bus_call_actor(c),
                  base64url_encode(rows->key, sizeof(rows->key), key), rows->state);
        if (core)
                core_validator_changed(core, rows);
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, 0);
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
                                                   .approve = ruling.approve },
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
