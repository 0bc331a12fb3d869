/* Tokens: the text of one is shown once, in the answer to its creation; kept is its hash. */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "api/bus-owner.h"
#include "base/encode.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "wire/sign.h"

#define ROW "(sssastttt)"
#define ID  "A token's id"

#define PREFIX_SIZE sizeof("dpin_xxxxxx")
#define TOKEN_SIZE  (PREFIX_SIZE + BASE64URL_SIZE(32))

static const struct {
        const char *name;
        unsigned scope;
} scope_names[] = {
        { "read", TOKEN_READ },
        { "write", TOKEN_WRITE },
        { "payouts", TOKEN_PAYOUTS },
};

/* Creating ------------------------------------------------------------------------------------- */

typedef struct TokenWish {
        const char *name, *organisation;
        unsigned scopes;
        uint64_t seconds; /* 0: never expires */
} TokenWish;

static int read_scopes(sd_bus_message *m, unsigned *ret) {
        const char *name;
        unsigned scopes = 0, one;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "s", &name)) > 0) {
                one = 0;
                for (size_t i = 0; i < ELEMENTSOF(scope_names); i++)
                        if (strcmp(name, scope_names[i].name) == 0)
                                one = scope_names[i].scope;
                if (!one)
                        return -EINVAL;
                scopes |= one;
        }
        if (r < 0)
                return r;
        *ret = scopes;
        return sd_bus_message_exit_container(m);
}

/* false: answered. The arguments stay in the message, so each step reads them anew. */
static bool read_wish(BusCall *c, TokenWish *ret) {
        sd_bus_message *m = bus_call_message(c);
        const char *reason = NULL;
        TokenWish w = { 0 };

        if (!bus_call_read(c, "s", &w.name))
                return false;
        if (read_scopes(m, &w.scopes) < 0 || !w.scopes)
                reason = "Scopes are one or more of read, write, payouts";
        else if (sd_bus_message_read(m, "ts", &w.seconds, &w.organisation) < 0)
                reason = "The arguments cannot be read";
        else if (strlen(w.name) < 1 || strlen(w.name) > 200)
                reason = "A token's name has 1 to 200 characters";
        else if (w.seconds > (USEC_PER_DAY / USEC_PER_SEC) * 36500)
                reason = "A token lives for at most 100 years";
        if (reason) {
                bus_call_fail(c, -EINVAL, reason);
                return false;
        }
        *ret = w;
        return true;
}

/* "dpin_" and six characters that people may see, then 32 random bytes. */
static void make_token(char *ret) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
        char text[BASE64URL_SIZE(32)], shown[PREFIX_SIZE] = "dpin_";
        uint8_t bytes[32];

        for (size_t i = strlen(shown); i < PREFIX_SIZE - 1; i++)
                shown[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
        randombytes_buf(bytes, sizeof(bytes));
        (void)snprintf(ret, TOKEN_SIZE, "%s_%s", shown,
                       base64url_encode(bytes, sizeof(bytes), text));
        explicit_bzero(bytes, sizeof(bytes));
        explicit_bzero(text, sizeof(text));
}

static void on_created(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const BusCallNote *note = bus_call_note(c);
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a token was made",
                  "DPIN_ACTOR=%s\nDPIN_TOKEN=%s", bus_call_actor(c), note->id);
        answer = bus_call_answer(c);
        if (!answer)
                return;
        (void)sd_bus_message_sensitive(answer);
        bus_call_reply(c, answer, sd_bus_message_append(answer, "ss", note->id, note->secret));
}

static int add_token(BusCall *c, const TokenWish *wish, uint32_t organisation) {
        BusCallNote *note = bus_call_note(c);
        usec_t now = now_realtime();
        char prefix[PREFIX_SIZE];
        TokenAdd add = {
                .organisation = organisation,
                .id = uuid7_new(now),
                .name = wish->name,
                .prefix = prefix,
                .scopes = wish->scopes,
                .expires = wish->seconds ? now + wish->seconds * USEC_PER_SEC : USEC_INFINITY,
                .actor = bus_call_actor(c),
        };
        Hash hash;

        static_assert(TOKEN_SIZE <= sizeof(note->secret), "a token fits the note");
        make_token(note->secret);
        uuid_format(&add.id, note->id);
        snprintf(prefix, sizeof(prefix), "%.*s", (int)PREFIX_SIZE - 1, note->secret);
        hash_bytes(note->secret, strlen(note->secret), &hash);
        add.secret_sha256 = hash.bytes;
        return token_add(api_manager_store(bus_call_userdata(c)), &add, on_created, c,
                         bus_call_handle(c));
}

static void on_token_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        char text[UUID_TEXT_SIZE];
        TokenWish wish;

        if (!bus_owner_is_there(c, r, n) || !read_wish(c, &wish))
                return;
        if (wish.organisation[0] &&
            strcmp(wish.organisation, uuid_format(&rows->public_id, text)) != 0) {
                bus_call_fail(c, -ENOENT, "No organisation has this id");
                return;
        }
        r = add_token(c, &wish, rows->id);
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void api_bus_create_token(BusCall *c, void *userdata _unused_) {
        TokenWish wish;

        if (read_wish(c, &wish))
                bus_owner_ensure(c, on_token_owner);
}

/* Listing -------------------------------------------------------------------------------------- */

static int append_scopes(sd_bus_message *answer, unsigned scopes) {
        int r;

        r = sd_bus_message_open_container(answer, 'a', "s");
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(scope_names); i++)
                if (scopes & scope_names[i].scope)
                        r = sd_bus_message_append(answer, "s", scope_names[i].name);
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

static int append_token(sd_bus_message *answer, const void *row) {
        const TokenRow *t = row;
        char id[UUID_TEXT_SIZE];
        int r;

        r = sd_bus_message_open_container(answer, 'r', "sssastttt");
        if (r >= 0)
                r = sd_bus_message_append(answer, "sss", uuid_format(&t->public_id, id), t->name,
                                          t->prefix);
        if (r >= 0)
                r = append_scopes(answer, t->scopes);
        if (r >= 0)
                r = sd_bus_message_append(answer, "tttt", bus_seconds(t->created),
                                          bus_seconds(t->expires), bus_seconds(t->last_used),
                                          bus_seconds(t->revoked));
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

static void on_listed(int r, const TokenRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(TokenRow, public_id),
                                        .append = append_token });
}

static void on_list_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        ApiManager *m = bus_call_userdata(c);
        StorePage page;

        if (!bus_owner_is_there(c, r, n) || !bus_call_read_page(c, NULL, &page))
                return;
        page.organisation = rows->id;
        r = tokens_load(api_manager_store(m), &page, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void api_bus_list_tokens(BusCall *c, void *userdata _unused_) {
        StorePage page;

        if (bus_call_read_page(c, NULL, &page))
                bus_owner_ensure(c, on_list_owner);
}

/* Revoking ------------------------------------------------------------------------------------- */

static void on_revoked(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? "No token in use has this id" : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a token was revoked",
                  "DPIN_ACTOR=%s\nDPIN_TOKEN=%s", bus_call_actor(c), bus_call_note(c)->id);
        bus_call_reply_done(c);
}

static void on_revoke_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        ApiManager *m = bus_call_userdata(c);
        TokenRevoke revoke = { .actor = bus_call_actor(c) };

        if (!bus_owner_is_there(c, r, n) || !bus_call_read_id(c, ID, &revoke.id))
                return;
        revoke.organisation = rows->id;
        r = token_revoke(api_manager_store(m), &revoke, on_revoked, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void api_bus_revoke_token(BusCall *c, void *userdata _unused_) {
        Uuid id;

        if (bus_call_read_id(c, ID, &id))
                bus_owner_ensure(c, on_revoke_owner);
}
