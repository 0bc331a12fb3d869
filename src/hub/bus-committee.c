/* An epoch of a website, so that others can see that its committee was chosen as was promised: what
 * it was chosen by, and, once that harms nobody, from whom and with which secret. */
#include <errno.h>
#include <string.h>

#include "base/sha256.h"
#include "hub/bus-deeds.h"
#include "hub/eligible.h"
#include "hub/epoch.h"
#include "store/epochs.h"

#define LISTED "(ayayay)"

typedef struct Query {
        const char *id;
        EpochQuery wanted;
} Query;

/* The arguments stay in the message. false: answered. */
static bool read_query(BusCall *c, Query *ret) {
        Query q = { 0 };

        if (!bus_call_read(c, "st", &q.id, &q.wanted.number))
                return false;
        if (uuid_parse(q.id, &q.wanted.website) < 0) {
                bus_call_fail(c, -EINVAL, "A website's id is a UUID");
                return false;
        }
        if (q.wanted.number > INT64_MAX) {
                bus_call_fail(c, -EINVAL, "An epoch has no such number");
                return false;
        }
        *ret = q;
        return true;
}

static int append_listed(sd_bus_message *m, const EpochRow *row, const uint8_t *listed,
                         const uint8_t *hub_secret) {
        const uint8_t *key = listed + 4, *origin = key + 32;
        uint8_t salt[SHA256_SIZE];
        int r;

        epoch_salt(row->secret, hub_secret, key, salt);
        r = sd_bus_message_open_container(m, 'r', "ayayay");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', key, 32);
        if (r >= 0) /* a hub of before has kept the hash alone */
                r = sd_bus_message_append_array(m, 'y', salt, row->asked ? sizeof(salt) : 0);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', origin, CHOICE_ORIGIN_SIZE);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Nothing of it before its time. */
static int append_secrets(sd_bus_message *m, const EpochRow *row, const HubManager *manager) {
        bool revealed = hub_manager_now(manager) >= row->ends + EPOCH_REVEAL_AFTER;
        size_t told = revealed ? row->n_eligible : 0;
        _cleanup_free_ const uint8_t **listed =
                        eligible_by_score(row->eligible, told, &row->public_id, row->secret);
        int r;

        if (!listed)
                return -ENOMEM;
        r = sd_bus_message_append_array(m, 'y', row->secret, revealed ? sizeof(row->secret) : 0);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', LISTED);
        for (size_t i = 0; r >= 0 && i < told / ELIGIBLE_SIZE; i++)
                r = append_listed(m, row, listed[i], hub_manager_secret(manager));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_epoch(sd_bus_message *m, const EpochRow *row, const HubManager *manager) {
        uint8_t commitment[SHA256_SIZE];
        int r;

        sha256(row->secret, sizeof(row->secret), commitment);
        r = sd_bus_message_append(m, "ttttyyssb", row->number, row->starts, row->ends,
                                  row->ends + EPOCH_REVEAL_AFTER, row->n, row->asked, row->caps,
                                  row->rules, (int)row->unmet);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', hub_manager_network(manager)->bytes,
                                                SIGN_PUBLIC_SIZE);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', commitment, sizeof(commitment));
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', row->eligible_root,
                                                sizeof(row->eligible_root));
        if (r >= 0)
                r = append_secrets(m, row, manager);
        return r < 0 ? r : sd_bus_message_append(m, "s", row->orders);
}

static void on_epoch(int r, const EpochRow *rows, size_t n _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const HubManager *m = bus_call_userdata(c);
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r,
                              r == -ENOENT ? "No website of this id has such an epoch" : NULL);
                return;
        }
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, append_epoch(answer, rows, m));
}

void hub_bus_show_committee(BusCall *c, void *userdata) {
        Query q;
        int r;

        if (!read_query(c, &q))
                return;
        r = epoch_find(hub_manager_store(userdata), &q.wanted, on_epoch, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}
