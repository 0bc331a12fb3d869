/* Extension areas; see extension.h. */
#include "wire/extension.h"

#include <errno.h>

#include "wire/bytes.h"

int extension_check(const Extension *e, uint8_t known) {
        ByteReader r = byte_reader(e->bytes, e->n);
        int last = -1;

        if (e->n > EXTENSION_MAX)
                return -EBADMSG;
        while (read_left(&r) > 0) {
                uint8_t type = read_u8(&r);

                read_slice(&r, read_u16(&r));
                if (r.failed || type <= last)
                        return -EBADMSG;
                if (type >= EXTENSION_CRITICAL && type != known)
                        return -EPROTONOSUPPORT;
                last = type;
        }
        return read_finish(&r);
}

int extension_find(const Extension *e, uint8_t type, Extension *ret) {
        ByteReader r = byte_reader(e->bytes, e->n);

        while (read_left(&r) > 0) {
                uint8_t this = read_u8(&r);
                size_t n = read_u16(&r);
                const uint8_t *value = read_slice(&r, n);

                if (r.failed)
                        return 0;
                if (this == type) {
                        *ret = (Extension){ .bytes = value, .n = n };
                        return 1;
                }
        }
        return 0;
}
