/* Who is asking and what they may do: the Authorization header, and the token it names. Pure; the
 * database is asked by server.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/httpd.h"
#include "store/accounts.h"

#define AUTH_PREFIX_MAX 64

typedef struct Principal {
        uint32_t organisation, token;
        unsigned scopes;                  /* of TokenScope */
        uint8_t secret_sha256[32];        /* to ask again whether the token still holds */
        char actor[AUTH_PREFIX_MAX + 16]; /* for the audit log: "token PREFIX" */
} Principal;

/* The hash of the token in an Authorization header. 0; -ENOENT: there is no header (NULL); -EINVAL:
 * it is not "Bearer" and a token of 1 to 512 characters (RFC 6750, b64token). */
int auth_read(const char *authorization, uint8_t ret_sha256[static 32]);
/* Keeps what a token stands for; secret_sha256 stays. */
void principal_set(Principal *p, const TokenRow *row);
/* "read", "write", "payouts" */
const char *auth_scope_name(unsigned scope);
/* A token in an address ends up in logs and histories: such a request is refused, whatever it
 * holds.
 */
bool auth_in_query(const HttpdRequest *http);
