/* Text lines through stdio. */
#include "load-journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/encode.h"

struct LoadJournal {
        FILE *file;
};

int load_journal_new(LoadJournal **ret, const char *path) {
        LoadJournal *j = calloc(1, sizeof(*j));

        if (!j)
                return -ENOMEM;
        j->file = fopen(path, "ae");
        if (!j->file) {
                free(j);
                return -errno;
        }
        *ret = j;
        return 0;
}

LoadJournal *load_journal_free(LoadJournal *j) {
        if (!j)
                return NULL;
        fclose(j->file);
        free(j);
        return NULL;
}

int load_journal_put(LoadJournal *j, const PublicKey *key, const Batch *b, const uint8_t *codes) {
        char validator[HEX_SIZE(SIGN_PUBLIC_SIZE)], order[HEX_SIZE(sizeof(OrderId))], code[8] = "-";

        if (!j)
                return 0;
        hex_encode(key->bytes, sizeof(key->bytes), validator);
        for (uint16_t i = 0; i < b->header.count; i++) {
                const Tick *t = &b->ticks[i];

                hex_encode(t->order.bytes, sizeof(t->order.bytes), order);
                if (codes)
                        snprintf(code, sizeof(code), "%u", codes[i]);
                if (fprintf(j->file, "%s %s %d %" PRIu32 " %s %" PRId64 "\n", validator, order,
                            t->kind != TICK_SCHEDULED, t->number, code, t->start) < 0)
                        return -EIO;
        }
        return 0;
}

int load_journal_flush(LoadJournal *j) {
        return j && fflush(j->file) != 0 ? -errno : 0;
}
