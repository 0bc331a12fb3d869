/* Websites that call themselves: their addresses, which are secrets kept as hashes, and when they
 * called last. */
#pragma once

#include "base/id.h"
#include "store/store.h"

#define HEARTBEAT_PATH        "/api/v1/heartbeat/" /* of dpin-api, before a secret */
#define HEARTBEAT_SECRET_SIZE 44                   /* 32 random bytes in base64url, NUL */

/* A secret for a new address, and its hash. */
void heartbeat_secret_new(char ret[static HEARTBEAT_SECRET_SIZE], uint8_t ret_sha256[static 32]);
/* 0; -EINVAL: no secret looks like this. */
int heartbeat_secret_hash(const char *secret, uint8_t ret_sha256[static 32]);

typedef struct HeartbeatRow {
        uint32_t website;
        usec_t age; /* since its newest call, by the database's clock, which is not the hub's */
        bool ok;    /* false: it called to say that it failed */
        uint64_t revision;
} HeartbeatRow;

typedef void (*HeartbeatRows)(int r, const HeartbeatRow *rows, size_t n, void *userdata);

#define HEARTBEATS_PAGE 1000

/* Of the first websites that called after a revision (0: that ever did), by ascending revision, at
 * most HEARTBEATS_PAGE. */
int heartbeats_load(Store *s, uint64_t revision, HeartbeatRows callback, void *userdata,
                    StoreCall **ret);

typedef struct HeartbeatCall {
        const uint8_t *token_sha256; /* 32 bytes */
        bool ok;
} HeartbeatCall;

/* One called. -ENOENT: nobody has this address (any more). */
int heartbeat_take(Store *s, const HeartbeatCall *call, StoreDone done, void *userdata,
                   StoreCall **ret);

typedef struct HeartbeatAddress {
        uint32_t organisation; /* 0: whichever (the hub's admin) */
        Uuid website;
        const uint8_t *token_sha256; /* 32 bytes; of uniformly random ones */
        const char *actor;
} HeartbeatAddress;

/* The website's address from now on. -ENOENT: this organisation has no such website that calls. */
int heartbeat_address(Store *s, const HeartbeatAddress *address, StoreDone done, void *userdata,
                      StoreCall **ret);

extern const PqStatement *const heartbeats_statements[];
