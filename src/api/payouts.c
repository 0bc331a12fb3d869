/* Asking again gives the request that is open, so it does no harm. */
#include "api/payouts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/reply.h"
#include "base/encode.h"
#include "store/ledger.h"

#define KEY_SIZE 32

static void answer_payout(ApiCall *c, const PayoutRow *row) {
        char id[UUID_TEXT_SIZE], json[256];

        snprintf(json, sizeof(json), "{\"id\":\"%s\",\"amount\":%" PRId64 ",\"status\":\"%s\"}",
                 uuid_format(&row->id, id), row->lamports, row->status);
        reply_made(c->http, 202, NULL, json);
}

static void on_payout(int r, const PayoutRow *rows, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;

        c->open = NULL;
        call_wrote(c);
        if (r == -ENODATA)
                reply_problem(c->http,
                              &(Problem){ .status = 409,
                                          .detail = "Nothing is owed to this validator." });
        else if (r < 0)
                call_fail(c, r);
        else
                answer_payout(c, rows);
}

void payout_create(ApiCall *c) {
        uint8_t key[KEY_SIZE];
        PayoutRequest request = { .validator_key = key,
                                  .id = uuid7_new(now_realtime()),
                                  .actor = c->who.actor };

        if (base64url_decode(c->match.parameter, key, sizeof(key)) != KEY_SIZE)
                call_fail(c, -ENOENT);
        else
                call_started(c, payout_request(c->api->store, &request, on_payout, c, &c->open));
}
