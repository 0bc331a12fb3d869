/* Users of the first organisation. A password comes by a descriptor, so that no message, argument
 * list or log ever has it. */
#include <errno.h>
#include <string.h>

#include "api/bus-owner.h"
#include "base/log-ids.h"
#include "base/log.h"
#include "event/password.h"
#include "store/users.h"

#define ROW     "(sssbt)"
#define NO_SUCH "No user has this id or address"

/* Adding --------------------------------------------------------------------------------------- */

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

        if (!bus_owner_is_there(c, r, n) || !read_user(c, &add.email, &add.role))
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
                bus_owner_ensure(c, on_user_owner);
}

/* Listing -------------------------------------------------------------------------------------- */

static int append_user(sd_bus_message *answer, const void *row) {
        const UserRow *u = row;
        char id[UUID_TEXT_SIZE];

        return sd_bus_message_append(answer, ROW, uuid_format(&u->id, id), u->email, u->role,
                                     (int)u->has_password, u->created / USEC_PER_SEC);
}

static void on_listed(int r, const UserRow *rows, size_t n, void *userdata) {
        bus_call_reply_page(bus_call_resume(userdata), r,
                            &(BusRows){ .type = ROW,
                                        .rows = rows,
                                        .n = n,
                                        .size = sizeof(*rows),
                                        .id = offsetof(UserRow, id),
                                        .append = append_user });
}

static void on_list_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        ApiManager *m = bus_call_userdata(c);
        StorePage page;

        if (!bus_owner_is_there(c, r, n) || !bus_call_read_page(c, NULL, &page))
                return;
        page.organisation = rows->id;
        r = users_load(api_manager_store(m), &page, on_listed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void api_bus_list_users(BusCall *c, void *userdata _unused_) {
        StorePage page;

        if (bus_call_read_page(c, NULL, &page))
                bus_owner_ensure(c, on_list_owner);
}

/* Removing, and a new password ----------------------------------------------------------------- */

/* Who is meant, by id or address: the first argument of both. */
static bool read_whom(BusCall *c, Uuid *id, UserChange *ret) {
        const char *text;

        if (!bus_call_read(c, "s", &text))
                return false;
        ret->actor = bus_call_actor(c);
        if (uuid_parse(text, id) == 0)
                ret->id = id;
        else
                ret->email = text;
        return true;
}

static void finish_change(BusCall *c, int r, const char *what) {
        const char *whom = "";

        if (r < 0) {
                bus_call_fail(c, r, r == -ENOENT ? NO_SUCH : NULL);
                return;
        }
        if (!bus_call_read(c, "s", &whom))
                return;
        log_event(LOG_NOTICE, DPIN_MSG_ADMIN_ACTION, what, "DPIN_ACTOR=%s\nDPIN_USER=%s",
                  bus_call_actor(c), whom);
        bus_call_reply_done(c);
}

static void on_removed(int r, const char *error _unused_, void *userdata) {
        finish_change(bus_call_resume(userdata), r, "a user was removed");
}

static void on_remove_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        ApiManager *m = bus_call_userdata(c);
        UserChange change = { 0 };
        Uuid id;

        if (!bus_owner_is_there(c, r, n) || !read_whom(c, &id, &change))
                return;
        change.organisation = rows->id;
        r = user_remove(api_manager_store(m), &change, on_removed, c, bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

void api_bus_remove_user(BusCall *c, void *userdata _unused_) {
        UserChange change;
        Uuid id;

        if (read_whom(c, &id, &change))
                bus_owner_ensure(c, on_remove_owner);
}

static void on_password_set(int r, const char *error _unused_, void *userdata) {
        finish_change(bus_call_resume(userdata), r, "a user has a new password");
}

static void on_password_owner(int r, const OrganisationRow *rows, size_t n, void *userdata) {
        BusCall *c = bus_call_resume(userdata);
        ApiManager *m = bus_call_userdata(c);
        UserChange change = { .password_hash = bus_call_note(c)->text };
        Uuid id;

        if (!bus_owner_is_there(c, r, n) || !read_whom(c, &id, &change))
                return;
        change.organisation = rows->id;
        r = user_set_password(api_manager_store(m), &change, on_password_set, c,
                              bus_call_handle(c));
        if (r < 0)
                bus_call_fail(c, r, NULL);
}

static void on_hashed(int r, const char *hash, void *userdata) {
        BusCall *c = userdata;

        bus_call_wait(c, NULL, NULL);
        bus_call_note(c)->text = hash ? strdup(hash) : NULL;
        if (!bus_call_note(c)->text)
                bus_call_fail(c, r < 0 ? r : -ENOMEM, NULL);
        else
                bus_owner_ensure(c, on_password_owner);
}

static void cancel_hash(void *handle) {
        password_hash_cancel(handle);
}

/* NULL: it can be used. */
static const char *refusal(int r) {
        if (r == -EAGAIN)
                return "The password must be whole when it is handed over, and its end closed";
        if (r == -EFBIG)
                return "A password has at most 1024 bytes";
        if (r == -EINVAL)
                return "A password has at least 8 bytes, and no NUL";
        return r < 0 ? "The password cannot be read" : NULL;
}

/* The descriptor is the message's. */
static void take_password(BusCall *c, ApiManager *m, int fd) {
        char password[PASSWORD_SIZE];
        PasswordHash *h = NULL;
        int r;

        r = password_read(fd, password);
        if (refusal(r)) {
                bus_call_fail(c, -EINVAL, refusal(r));
        } else {
                r = password_hash(&h, api_manager_loop(m), password, on_hashed, c);
                if (r < 0)
                        bus_call_fail(c, r, NULL);
                else
                        bus_call_wait(c, h, cancel_hash);
        }
        explicit_bzero(password, sizeof(password));
}

void api_bus_set_user_password(BusCall *c, void *userdata) {
        const char *whom;
        int fd;

        if (bus_call_read(c, "sh", &whom, &fd))
                take_password(c, userdata, fd);
}
