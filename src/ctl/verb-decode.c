/* dpinctl decode */
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "ctl/command.h"
#include "ctl/decode.h"
#include "ctl/file.h"
#include "wire/batch.h"

CtlExit verb_decode(const Args *args _unused_, const char *const *words) {
        _cleanup_free_ char *frame = NULL, *text = NULL;
        const char *name = words[0] ? words[0] : "-";
        size_t n;
        int r;

        r = file_read(words[0], BATCH_FRAME_MAX, &frame, &n);
        if (r < 0) {
                fprintf(stderr, "dpinctl: %s cannot be read: %s\n", name, strerror(-r));
                return CTL_FAILED;
        }
        r = decode_batch(frame, n, &text);
        if (r < 0) {
                fprintf(stderr, "dpinctl: %s is no batch of dpin.v1: %s\n", name, strerror(-r));
                return CTL_FAILED;
        }
        puts(text);
        return CTL_OK;
}
