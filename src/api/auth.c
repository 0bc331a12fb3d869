/* Tokens travel in one header only. What is looked up is their hash, so neither the text of the
 * query nor the time it takes tells of the stored secret. */
#include "api/auth.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TOKEN_MAX 512u
#define B64TOKEN  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

int auth_read(const char *authorization, uint8_t ret_sha256[static 32]) {
        const char *token;
        size_t n;

        if (!authorization)
                return -ENOENT;
        if (strncasecmp(authorization, "Bearer ", 7) != 0)
                return -EINVAL;

        token = authorization + 7;
        token += strspn(token, " ");
        n = strspn(token, B64TOKEN);
        if (n == 0)
                return -EINVAL;
        n += strspn(token + n, "=");
        if (token[n] != '\0' || n > TOKEN_MAX)
                return -EINVAL;

        crypto_hash_sha256(ret_sha256, (const unsigned char *)token, n);
        return 0;
}

void principal_set(Principal *p, const TokenRow *row) {
        p->organisation = row->organisation;
        p->token = row->id;
        p->scopes = row->scopes;
        snprintf(p->actor, sizeof(p->actor), "token %.*s", AUTH_PREFIX_MAX, row->prefix);
}

const char *auth_scope_name(unsigned scope) {
        switch (scope) {
        case TOKEN_READ:
                return "read";
        case TOKEN_WRITE:
                return "write";
        case TOKEN_PAYOUTS:
                return "payouts";
        default:
                return "";
        }
}

bool auth_in_query(const HttpdRequest *http) {
        return httpd_query(http, "access_token") || httpd_query(http, "token");
}
