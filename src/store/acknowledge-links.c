/* The function of sql/027-acknowledge-links.sql. */
#include "store/acknowledge-links.h"

#include <errno.h>
#include <string.h>

#include "store/read.h"

static const PqStatement follow = {
        .name = "incident_link",
        .sql = "SELECT outcome, channel, coalesce(name, ''), url, summary,"
               " coalesce(acknowledged_by, ''), usec(opened_at), usec(closed_at),"
               " usec(acknowledged_at) FROM incident_link($1, $2, $3, $4)",
        .n_params = 4,
};

static const PqStatement key_get = {
        .name = "network_key_get",
        .sql = "SELECT network_key FROM hub_state WHERE network_key IS NOT NULL",
        .n_params = 0,
};

const PqStatement *const acknowledge_links_statements[] = { &follow, &key_get, NULL };

static const char *const outcomes[_LINK_OUTCOME_MAX] = {
        [LINK_CLOSED] = "closed", [LINK_DONE] = "done", [LINK_EXPIRED] = "expired",
        [LINK_OPEN] = "open",     [LINK_SAME] = "same", [LINK_USED] = "used",
};

static int outcome_from_name(const char *name) {
        for (int i = 0; i < _LINK_OUTCOME_MAX; i++)
                if (strcmp(outcomes[i], name) == 0)
                        return i;
        return -EBADMSG;
}

static int read_link(const PqResult *result, size_t i, void *ret) {
        LinkRow *row = ret;
        int outcome = outcome_from_name(pq_get_text(result, i, 0));

        if (outcome < 0)
                return outcome;
        *row = (LinkRow){
                .outcome = (LinkOutcome)outcome,
                .channel = pq_get_text(result, i, 1),
                .name = pq_get_text(result, i, 2),
                .url = pq_get_text(result, i, 3),
                .summary = pq_get_text(result, i, 4),
                .acknowledged_by = pq_get_text(result, i, 5),
                .opened = pq_get_time(result, i, 6),
                .closed = pq_get_time(result, i, 7),
                .acknowledged = pq_get_time(result, i, 8),
        };
        return 0;
}

static void deliver_link(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((LinkRows)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader link_reader = {
        .size = sizeof(LinkRow),
        .row = read_link,
        .deliver = deliver_link,
};

int link_follow(Store *s, const LinkUse *use, LinkRows callback, void *userdata, StoreCall **ret) {
        PqTransaction *t = store_begin(&follow);

        if (!t)
                return -ENOMEM;
        pq_uuid(t, &use->incident);
        pq_uuid(t, &use->channel);
        pq_time(t, use->ends);
        pq_bool(t, use->use);
        return store_read(s, t, &link_reader, STORE_ANSWER(callback, userdata, ret));
}

static int read_key(const PqResult *result, size_t i, void *ret) {
        return store_get_bytes(result, i, 0, ret, 32);
}

static void deliver_key(StoreCallback f, int r, const void *rows, size_t n, void *userdata) {
        ((NetworkKeys)f)(r == 0 && n == 0 ? -ENOENT : r, rows, n, userdata);
}

static const StoreReader key_reader = { .size = 32, .row = read_key, .deliver = deliver_key };

int network_key_load(Store *s, NetworkKeys callback, void *userdata, StoreCall **ret) {
        return store_read(s, store_begin(&key_get), &key_reader,
                          STORE_ANSWER(callback, userdata, ret));
}
