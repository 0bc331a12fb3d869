/* Tokens and users of the first organisation, which is made when it is missing. A token's text is
 * shown once, in the answer to its creation; kept is its hash. */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "api/bus-deeds.h"
#include "base/encode.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "store/accounts.h"
#include "wire/sign.h"

#define ROW "(sssastttt)"

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

/* Whose it is: the first step of every deed here. ---------------------------------------------- */

static void ensure_organisation(BusCall *c, OrganisationRows then) {
        ApiManager *m = bus_call_userdata(c);
        Uuid id = uuid7_new(now_realtime());
        int r;

        r = organisation_ensure(api_manager_store(m), &id, then, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

/* false: answered. */
static bool is_there(BusCall *c, int r, size_t n) {
        if (r >= 0 && n > 0)
                return true;
        bus_call_fail(c, r < 0 ? r : -EIO, NULL);
        return false;
}

static void reply_nothing(BusCall *c) {
        sd_bus_message *answer = bus_call_answer(c);

        if (answer)
                bus_call_reply(c, answer, 0);
}

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

        if (!is_there(c, r, n) || !read_wish(c, &wish))
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
                ensure_organisation(c, on_token_owner);
}

/* Listing -------------------------------------------------------------------------------------- */

static uint64_t seconds(usec_t t) {
        return t == USEC_INFINITY ? 0 : t / USEC_PER_SEC;
}

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
                r = sd_bus_message_append(answer, "tttt", seconds(t->created), seconds(t->expires),
                                          seconds(t->last_used), seconds(t->revoked));
        return r < 0 ? r : sd_bus_message_close_container(answer);
}

static void on_listed(int r, const TokenRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ ROW, rows, n, sizeof(*rows), append_token });
}

static void on_list_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        ApiManager *m = bus_call_userdata(c);

        if (!is_there(c, r, n))
                return;
        r = tokens_load(api_manager_store(m), rows->id, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void api_bus_list_tokens(BusCall *c, void *userdata _unused_) {
        if (bus_call_read_page(c))
                ensure_organisation(c, on_list_owner);
}

/* Revoking ------------------------------------------------------------------------------------- */

static bool read_id(BusCall *c, Uuid *ret) {
        const char *text;

        if (!bus_call_read(c, "s", &text))
                return false;
        if (uuid_parse(text, ret) == 0) {
                uuid_format(ret, bus_call_note(c)->id);
                return true;
        }
        bus_call_fail(c, -EINVAL, "A token's id is a UUID of 36 characters");
        return false;
}

static void on_revoked(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? "No token in use has this id" : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a token was revoked",
                  "DPIN_ACTOR=%s\nDPIN_TOKEN=%s", bus_call_actor(c), bus_call_note(c)->id);
        reply_nothing(c);
}

static void on_revoke_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        ApiManager *m = bus_call_userdata(c);
        TokenRevoke revoke = { .actor = bus_call_actor(c) };

        if (!is_there(c, r, n) || !read_id(c, &revoke.id))
                return;
        revoke.organisation = rows->id;
        r = token_revoke(api_manager_store(m), &revoke, on_revoked, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void api_bus_revoke_token(BusCall *c, void *userdata _unused_) {
        Uuid id;

        if (read_id(c, &id))
                ensure_organisation(c, on_revoke_owner);
}

/* Users ---------------------------------------------------------------------------------------- */

/* Something, an @, something; what is deliverable only the mail says. */
static bool is_address(const char *text) {
        const char *at = strrchr(text, '@');

        if (!at || at == text || !at[1] || strlen(text) > 320)
                return false;
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p <= ' ' || *p == 0x7f)
                        return false;
        return true;
}

static bool is_role(const char *text) {
        static const char *const roles[] = { "viewer", "editor", "admin" };

        for (size_t i = 0; i < ELEMENTSOF(roles); i++)
                if (strcmp(text, roles[i]) == 0)
                        return true;
        return false;
}

static bool read_user(BusCall *c, const char **ret_email, const char **ret_role) {
        const char *reason = NULL;

        if (!bus_call_read(c, "ss", ret_email, ret_role))
                return false;
        if (!is_address(*ret_email))
                reason = "This is no e-mail address";
        else if (!is_role(*ret_role))
                reason = "A role is viewer, editor or admin";
        if (reason)
                bus_call_fail(c, -EINVAL, reason);
        return !reason;
}

static void on_user_added(int r, const char *error _unused_, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        const char *id = bus_call_note(c)->id;
        sd_bus_message *answer;

        if (r < 0) {
                bus_call_fail(c, r, r == -EEXIST ? "This address has a user already" : NULL);
                return;
        }
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, "a user was added",
                  "DPIN_ACTOR=%s\nDPIN_USER=%s", bus_call_actor(c), id);
        answer = bus_call_answer(c);
        if (answer)
                bus_call_reply(c, answer, sd_bus_message_append(answer, "s", id));
}

static void on_user_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        ApiManager *m = bus_call_userdata(c);
        UserAdd add = { .id = uuid7_new(now_realtime()), .actor = bus_call_actor(c) };

        if (!is_there(c, r, n) || !read_user(c, &add.email, &add.role))
                return;
        add.organisation = rows->id;
        uuid_format(&add.id, bus_call_note(c)->id);
        r = user_add(api_manager_store(m), &add, on_user_added, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void api_bus_add_user(BusCall *c, void *userdata _unused_) {
        const char *email, *role;

        if (read_user(c, &email, &role))
                ensure_organisation(c, on_user_owner);
}
