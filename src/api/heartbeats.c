/* Who calls has nothing but the address: it says which website it is, and is let in by it. */
#include "api/heartbeats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/reply.h"
#include "api/websites.h"
#include "store/heartbeats.h"

/* Making an address ------------------------------------------------------------------------------
 */

static void free_secret(void *secret) {
        explicit_bzero(secret, HEARTBEAT_SECRET_SIZE);
        free(secret);
}

static void on_made(int r, const char *error _unused_, void *userdata) {
        ApiCall *c = userdata;
        char json[128];

        c->open = NULL;
        call_wrote(c);
        if (r < 0) {
                call_fail(c, r);
                return;
        }
        snprintf(json, sizeof(json), "{\"path\":\"" HEARTBEAT_PATH "%s\"}", (const char *)c->state);
        reply_made(c->http, 201, NULL, json);
        explicit_bzero(json, sizeof(json));
}

void heartbeat_create(ApiCall *c) {
        uint8_t hash[32];
        HeartbeatAddress address = { .organisation = c->who.organisation,
                                     .token_sha256 = hash,
                                     .actor = c->who.actor };
        char *secret;

        if (website_id_read(c, &address.website) < 0)
                return;
        secret = malloc(HEARTBEAT_SECRET_SIZE);
        if (!secret) {
                call_fail(c, -ENOMEM);
                return;
        }
        heartbeat_secret_new(secret, hash);
        c->state = secret;
        c->state_free = free_secret;
        call_started(c, heartbeat_address(c->api->store, &address, on_made, c, &c->open));
}

/* Calling ----------------------------------------------------------------------------------------
 */

static void on_taken(int r, const char *error _unused_, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        if (r < 0)
                call_fail(c, r);
        else
                reply_nothing(c->http);
}

static void take(ApiCall *c, bool ok) {
        uint8_t hash[32];
        const HeartbeatCall call = { .token_sha256 = hash, .ok = ok };

        if (heartbeat_secret_hash(c->match.parameter, hash) < 0)
                call_fail(c, -ENOENT);
        else
                call_started(c, heartbeat_take(c->api->store, &call, on_taken, c, &c->open));
}

void heartbeat_call(ApiCall *c) {
        take(c, true);
}

void heartbeat_fail(ApiCall *c) {
        take(c, false);
}
