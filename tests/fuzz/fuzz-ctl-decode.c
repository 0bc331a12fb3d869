/* Any bytes that dpinctl is to decode: refused as batch_parse() does, or written as JSON. */
#include "base/json-scan.h"
#include "ctl/decode.h"
#include "property.h"
#include "wire/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(batch_freep) Batch *b = NULL;
        _cleanup_free_ char *text = NULL;
        size_t members = 0;
        int r;

        r = decode_batch(data, size, &text);
        PROPERTY(r == batch_parse(data, size, &b));
        PROPERTY((r == 0) == (text != NULL));
        if (r < 0)
                return 0;
        PROPERTY(json_scan(text, strlen(text), &members) == 0);
        PROPERTY(members ==
                 10 + (b->header.type == BATCH_GAP ? 2 : 0) + 18 * (size_t)b->header.count);
        PROPERTY(!strpbrk(text, "\r\n\x1b"));
        return 0;
}
