/* Users: who signs in by address and password, and with which role in an organisation. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct UserAdd {
        uint32_t organisation;
        Uuid id;
        const char *email;         /* made lower case */
        const char *password_hash; /* argon2id text, or NULL */
        const char *role;          /* "viewer", "editor", "admin" */
        const char *actor;
} UserAdd;

/* -EEXIST: this address has a user; -EINVAL: a value is not allowed. */
int user_add(Store *s, const UserAdd *add, StoreDone done, void *userdata, StoreCall **ret);

typedef struct UserRow {
        Uuid id;
        const char *email, *role;
        bool has_password;
        usec_t created;
} UserRow;

typedef void (*UserRows)(int r, const UserRow *rows, size_t n, void *userdata);

/* Of one organisation. */
int users_load(Store *s, const StorePage *page, UserRows callback, void *userdata, StoreCall **ret);

typedef struct UserChange {
        uint32_t organisation;
        const Uuid *id;    /* who, or NULL: */
        const char *email; /* who */
        const char *actor;
        const char *password_hash; /* of user_set_password() */
} UserChange;

/* Of this organisation; who is in no other is forgotten altogether. -ENOENT: no such user. */
int user_remove(Store *s, const UserChange *change, StoreDone done, void *userdata,
                StoreCall **ret);
/* Ends the user's sessions, too. -ENOENT: no such user. */
int user_set_password(Store *s, const UserChange *change, StoreDone done, void *userdata,
                      StoreCall **ret);

extern const PqStatement *const users_statements[];
