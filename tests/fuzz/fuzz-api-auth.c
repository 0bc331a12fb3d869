/* Any text as an Authorization header: what is accepted is one token of RFC 6750, and what is
 * looked up is its hash. */
#include <errno.h>
#include <sodium.h>
#include <strings.h>

#include "api/auth.h"
#include "property.h"

static void check_token(const char *token) {
        size_t n = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                 "-._~+/");

        PROPERTY(n >= 1);
        n += strspn(token + n, "=");
        PROPERTY(token[n] == '\0' && n <= 512);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *header = input_text(data, size);
        uint8_t hash[32] = { 0 }, expected[32];
        const char *token = header + 7;
        int r;

        r = auth_read(header, hash);
        PROPERTY(r == 0 || r == -EINVAL);
        if (r < 0) {
                PROPERTY(sodium_is_zero(hash, sizeof(hash)));
                return 0;
        }
        PROPERTY(strncasecmp(header, "Bearer ", 7) == 0);
        token += strspn(token, " ");
        check_token(token);
        crypto_hash_sha256(expected, (const uint8_t *)token, strlen(token));
        PROPERTY(memcmp(hash, expected, sizeof(hash)) == 0);
        return 0;
}
