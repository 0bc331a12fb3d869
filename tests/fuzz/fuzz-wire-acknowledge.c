/* Any text as a link to acknowledge: what is read is written the same way again, by whoever has the
 * key of this network, and by nobody else. */
#include <errno.h>

#include "property.h"
#include "wire/acknowledge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const uint8_t seed[SIGN_SEED_SIZE] = { 7 };
        _cleanup_free_ char *text = input_text(data, size);
        _cleanup_(sign_key_freep) SignKey *k = NULL;
        char again[ACKNOWLEDGE_TEXT_SIZE];
        AcknowledgeLink l;
        int r;

        PROPERTY(sign_key_from_seed(seed, &k) == 0);
        r = acknowledge_read(text, sign_key_public(k), &l);
        PROPERTY(r == 0 || r == -EBADMSG);
        if (r < 0)
                return 0;
        PROPERTY(acknowledge_make(k, &l, again) == 0);
        PROPERTY(strcmp(text, again) == 0);
        return 0;
}
