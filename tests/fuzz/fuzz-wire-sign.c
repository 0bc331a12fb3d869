/* Any text as a private key: what is accepted is written so that reading it gives the same key. */
#include <errno.h>

#include "property.h"
#include "wire/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(sign_key_freep) SignKey *k = NULL, *second = NULL;
        char text[SIGN_KEY_TEXT_SIZE], again[SIGN_KEY_TEXT_SIZE];
        int r;

        r = sign_key_from_text((const char *)data, size, &k);
        PROPERTY(r == 0 || r == -EINVAL || r == -EKEYREJECTED);
        PROPERTY((r == 0) == (k != NULL));
        if (r < 0)
                return 0;
        sign_key_to_text(k, text);
        PROPERTY(sign_key_from_text(text, strlen(text), &second) == 0);
        PROPERTY(public_key_equal(sign_key_public(k), sign_key_public(second)));
        PROPERTY(strcmp(text, sign_key_to_text(second, again)) == 0);
        return 0;
}
