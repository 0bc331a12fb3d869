/* A join goes through: standing, the database's row, its streams, the welcome. Each step is a
 * function that ends in the next one's request. */
#include "hub/admission.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "hub/prefix.h"
#include "store/streams.h"
#include "store/validators.h"

#define RETRY_SECONDS     5
#define IN_USE_SECONDS    600
#define SUSPENDED_SECONDS 3600
#define PACE_SECONDS      10
#define SUSPENDED_REASON  "this validator is suspended"

/* A join is two questions to the database, signatures, all of its orders, and a look at every
 * website. */
static const PaceRule join_rule = { .burst = 20, .interval = 3 * USEC_PER_SEC };

typedef struct Join {
        Admission *admission;
        Session *session;
        PublicKey key;
        FrameStream streams[FRAME_INCARNATIONS_MAX];
        size_t n_streams;
        StoreCall *call;
        struct Join *prev, *next;
} Join;

struct Admission {
        AdmissionOptions options;
        Join *joins;
};

int admission_new(Admission **ret, const AdmissionOptions *options) {
        Admission *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        a->options = *options;
        *ret = a;
        return 0;
}

static void join_free(Join *j) {
        store_call_cancel(j->call);
        for (size_t i = 0; i < j->n_streams; i++)
                free(j->streams[i].receipt.data);
        DL_DELETE(j->admission->joins, j);
        free(j);
}

Admission *admission_free(Admission *a) {
        if (!a)
                return NULL;
        while (a->joins)
                join_free(a->joins);
        free(a);
        return NULL;
}

void admission_cancel(Admission *a, const Session *s) {
        Join *j, *next;

        DL_FOREACH_SAFE(a->joins, j, next)
        if (j->session == s)
                join_free(j);
}

/* The join's streams outlive the frame. */
static int copy_streams(Join *j, const FrameJoin *join) {
        const FrameStream *from = join->streams.items;

        for (size_t i = 0; i < join->streams.n && i < FRAME_INCARNATIONS_MAX; i++) {
                FrameStream *to = &j->streams[j->n_streams];

                *to = (FrameStream){ .incarnation = from[i].incarnation };
                if (from[i].receipt.n > 0) {
                        to->receipt.data = malloc(from[i].receipt.n);
                        if (!to->receipt.data)
                                return -ENOMEM;
                        memcpy(to->receipt.data, from[i].receipt.data, from[i].receipt.n);
                        to->receipt.n = from[i].receipt.n;
                }
                j->n_streams++;
        }
        return 0;
}

static Join *join_new(Admission *a, Session *s, const FrameJoin *join) {
        Join *j = calloc(1, sizeof(*j));

        if (!j)
                return NULL;
        j->admission = a;
        j->session = s;
        j->key = join->validator_key;
        DL_APPEND(a->joins, j);
        if (copy_streams(j, join) < 0) {
                join_free(j);
                return NULL;
        }
        return j;
}

/* Last step: welcome --------------------------------------------------------------------------- */

static void record_loss(Admission *a, const Validator *v, const StreamLoss *loss) {
        stream_loss_put(writer_group(a->options.writer), loss);
        log_event(LOG_WARNING, DPIN_MSG_STREAM_LOST,
                  "the hub is behind a receipt of its own: what it covers is lost here",
                  "DPIN_VALIDATOR=%s\nDPIN_FROM=%llu\nDPIN_TO=%llu", v->key_text,
                  (unsigned long long)loss->from, (unsigned long long)loss->to);
}

/* A receipt of ours that is ahead of the database: it was restored from a backup. The receipt is
 * believed. */
static void catch_up(Admission *a, Validator *v, const Receipt *receipt, const JsonBytes *bytes) {
        const Stream *s = stream_table_find(v->streams, receipt->incarnation);
        uint64_t last = s ? s->last : 0;
        StreamMove move = { .from = last,
                            .to = { .validator = v->id,
                                    .incarnation = receipt->incarnation,
                                    .last_seq = receipt->to } };
        StreamLoss loss = { v->id,       receipt->incarnation, last + 1,
                            receipt->to, bytes->data,          bytes->n };
        usec_t now = hub_clock_now(a->options.clock);

        if (receipt->to <= last || (!s && !stream_table_may_open(v->streams, now)))
                return;
        memcpy(move.to.last_hash, receipt->hash.bytes, sizeof(move.to.last_hash));
        writer_add_move(a->options.writer, &move);
        (void)stream_table_move(v->streams, receipt->incarnation, receipt->to, &receipt->hash, now);
        stream_table_committed(v->streams, receipt->incarnation,
                               receipt->to); /* the receipt says so */
        if ((usec_t)receipt->commit_time + STREAMS_IDLE_MAX > now)
                record_loss(a, v, &loss); /* else it is only forgotten */
}

/* The answer to a batch that came more than a day late: it moved no stream. */
static bool is_of_expired(const Receipt *r) {
        return r->commit_no == 0 && r->counts[DISPOSITION_EXPIRED] > 0;
}

static void check_receipt(Admission *a, Validator *v, const FrameStream *stream) {
        SignScope scope = { .network = *a->options.network, .subject = v->key };
        Receipt receipt;

        if (stream->receipt.n == 0 ||
            receipt_verify(stream->receipt.data, stream->receipt.n, sign_key_public(a->options.key),
                           &scope) < 0 ||
            receipt_parse(stream->receipt.data, stream->receipt.n, &receipt) < 0 ||
            receipt.incarnation != stream->incarnation || is_of_expired(&receipt))
                return;
        catch_up(a, v, &receipt, &stream->receipt);
}

static size_t positions(Admission *a, const Join *j, const Validator *v, FrameStream *ret,
                        uint8_t (*receipts)[RECEIPT_SIZE_MAX]) {
        usec_t now = hub_clock_now(a->options.clock);
        const Stream *s;
        int n;

        for (size_t i = 0; i < j->n_streams; i++) {
                ret[i] = (FrameStream){ .incarnation = j->streams[i].incarnation };
                s = v->streams ? stream_table_find(v->streams, ret[i].incarnation) : NULL;
                n = s && s->committed == s->last
                                    ? acks_position(a->options.acks, v, s, now, receipts[i])
                                    : 0;
                if (n > 0)
                        ret[i].receipt = (JsonBytes){ receipts[i], (size_t)n };
        }
        return j->n_streams;
}

static void welcome(Join *j, Validator *v) {
        Admission *a = j->admission;
        FrameStream streams[FRAME_INCARNATIONS_MAX];
        _cleanup_free_ uint8_t(*receipts)[RECEIPT_SIZE_MAX] =
                        calloc(FRAME_INCARNATIONS_MAX, RECEIPT_SIZE_MAX);
        FrameWelcome frame = { .approved = v->standing == STANDING_APPROVED,
                               .window = a->options.window };
        Session *s = j->session, *former = v->session;
        bool again = former && v->revision > 0; /* else it was not told of: it was not approved */

        if (session_state(s) !=
            SESSION_JOINING) { /* it broke a rule while the database was asked */
                join_free(j);
                return;
        }
        if (!receipts) {
                session_reject(s, CODE_INTERNAL, "out of memory", RETRY_SECONDS);
                join_free(j);
                return;
        }
        frame.streams = (JsonArray){ streams, positions(a, j, v, streams, receipts) };
        join_free(j);
        if (former) {
                session_bye(former, CODE_REPLACED, 0);
                session_set_validator(former, NULL); /* v may be gone before it is */
        }
        v->session = s;
        session_set_validator(s, v);
        registry_connect(a->options.registry, v, session_address(s),
                         hub_clock_now(a->options.clock));
        if (session_welcome(s, &frame, &v->key) >= 0)
                a->options.joined(v, again, a->options.userdata);
}

/* Streams -------------------------------------------------------------------------------------- */

static void check_receipts(Join *j, Validator *v) {
        for (size_t i = 0; i < j->n_streams; i++)
                check_receipt(j->admission, v, &j->streams[i]);
        welcome(j, v);
}

static int load_stream(Validator *v, const StreamRow *row) {
        Stream s = { .incarnation = row->incarnation, .last = row->last_seq };

        memcpy(s.hash.bytes, row->last_hash, sizeof(s.hash.bytes));
        return stream_table_load(v->streams, &s, row->opened, row->updated);
}

static void on_streams(int r, const StreamRow *rows, size_t n, void *userdata) {
        Join *j = userdata;
        Admission *a = j->admission;
        Validator *v = registry_find(a->options.registry, &j->key);

        j->call = NULL;
        if (r >= 0 && v && !v->streams)
                r = stream_table_new(&v->streams);
        if (r < 0 || !v) {
                session_reject(j->session, CODE_NOT_READY, "the database did not answer",
                               RETRY_SECONDS);
                join_free(j);
                return;
        }
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = load_stream(v, &rows[i]);
        if (r < 0) {
                session_reject(j->session, CODE_INTERNAL, "out of memory", RETRY_SECONDS);
                join_free(j);
                return;
        }
        check_receipts(j, v);
}

static void load_streams(Join *j, Validator *v) {
        int r;

        if (v->streams) {
                check_receipts(j, v);
                return;
        }
        r = streams_load(j->admission->options.store, v->id, on_streams, j, &j->call);
        if (r < 0) {
                session_reject(j->session, CODE_NOT_READY, "the database is away", RETRY_SECONDS);
                join_free(j);
        }
}

/* The row -------------------------------------------------------------------------------------- */

static void on_row(int r, const ValidatorRow *rows, size_t n, void *userdata) {
        Join *j = userdata;
        Registry *registry = j->admission->options.registry;
        Validator *v = r >= 0 && n == 1 ? registry_put_row(registry, rows, 0) : NULL;

        j->call = NULL;
        if (v && v->standing == STANDING_SUSPENDED) {
                session_reject(j->session, CODE_SUSPENDED, SUSPENDED_REASON, SUSPENDED_SECONDS);
                join_free(j);
        } else if (v)
                load_streams(j, v);
        else {
                session_reject(j->session, CODE_NOT_READY, "the database did not answer",
                               RETRY_SECONDS);
                join_free(j);
        }
}

/* NULL: it is another tag. */
static const char *name_in(const char *tag) {
        static const char key[] = "name=";
        size_t n = sizeof(key) - 1;

        return strncmp(tag, key, n) == 0 ? tag + n : NULL;
}

static const char *name_of(const FrameJoin *join) {
        const char *name = NULL;

        for (size_t i = 0; !name && i < join->tags.n; i++)
                name = name_in(join->tags.items[i]);
        return name ? name : "";
}

/* The name has a column of its own. Returns how many are left. */
static size_t tags_but_name(const FrameJoin *join, const char *ret[static FRAME_TAGS_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < join->tags.n && n < FRAME_TAGS_MAX; i++)
                if (!name_in(join->tags.items[i]))
                        ret[n++] = join->tags.items[i];
        return n;
}

static void ask_row(Join *j, const FrameJoin *join, bool approve) {
        const char *tags[FRAME_TAGS_MAX];
        ValidatorJoin row = {
                .key = j->key.bytes,
                .name = name_of(join),
                .version = join->software,
                .address = session_source(j->session),
                .tags = tags,
                .n_tags = tags_but_name(join, tags),
                .capabilities = (const char *const *)join->capabilities.items,
                .n_capabilities = join->capabilities.n,
                .approve = approve,
                .now = hub_clock_now(j->admission->options.clock),
        };

        if (validator_join(j->admission->options.store, &row, on_row, j, &j->call) < 0) {
                session_reject(j->session, CODE_NOT_READY, "the database is away", RETRY_SECONDS);
                join_free(j);
        }
}

/* Standing ------------------------------------------------------------------------------------- */

static void admit_pending(Admission *a, Session *s, const FrameJoin *join) {
        RegistryEntry entry = { .key = join->validator_key.bytes,
                                .standing = STANDING_PENDING,
                                .name = name_of(join),
                                .operator_name = "",
                                .region = "" };
        Validator *v;
        Join *j;

        if (registry_admits_pending(a->options.registry, session_address(s)) < 0) {
                session_reject(s, CODE_PENDING, "too many validators wait for approval", 3600);
                return;
        }
        v = registry_put(a->options.registry, &entry);
        j = v ? join_new(a, s, join) : NULL;
        if (!j) {
                session_reject(s, CODE_INTERNAL, "out of memory", RETRY_SECONDS);
                return;
        }
        if (session_note(s, "waits_for_approval"))
                log_event(LOG_NOTICE, DPIN_MSG_VALIDATOR_PENDING, "a validator waits for approval",
                          "DPIN_VALIDATOR=%s\nDPIN_SOURCE=%s", v->key_text, session_source(s));
        welcome(j, v);
}

/* The reason to refuse a known validator, or CODE_UNKNOWN. */
static Code refusal(Admission *a, Validator *v) {
        usec_t now = hub_clock_now(a->options.clock);

        if (v->standing == STANDING_SUSPENDED)
                return CODE_SUSPENDED;
        if (v->refused_until > now)
                return CODE_KEY_IN_USE;
        if (!pace_take(&v->joins, &join_rule, 1, now))
                return CODE_TOO_MANY_CONNECTIONS;
        if (v->session && registry_displaced(v, now)) {
                session_bye(v->session, CODE_KEY_IN_USE, IN_USE_SECONDS);
                return CODE_KEY_IN_USE;
        }
        return CODE_UNKNOWN;
}

void admission_join(Admission *a, Session *s, const FrameJoin *join) {
        Validator *v = registry_find(a->options.registry, &join->validator_key);
        bool trusted = a->options.open || prefix_is_loopback(session_address(s));
        Code refused = v ? refusal(a, v) : CODE_UNKNOWN;
        Join *j;

        if (refused == CODE_SUSPENDED)
                session_reject(s, refused, SUSPENDED_REASON, SUSPENDED_SECONDS);
        else if (refused == CODE_KEY_IN_USE)
                session_reject(s, refused, "this key is used by two machines", IN_USE_SECONDS);
        else if (refused == CODE_TOO_MANY_CONNECTIONS)
                session_reject(s, refused, "this key joins too often", PACE_SECONDS);
        else if (!trusted && (!v || v->id == 0))
                admit_pending(a, s, join);
        else {
                j = join_new(a, s, join);
                if (j)
                        ask_row(j, join, trusted);
                else
                        session_reject(s, CODE_INTERNAL, "out of memory", RETRY_SECONDS);
        }
}
