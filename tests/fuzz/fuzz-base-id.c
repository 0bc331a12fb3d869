/* Any text as a UUID: what is accepted is its 36 characters, in either case. */
#include <strings.h>

#include "base/id.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        char again[UUID_TEXT_SIZE];
        Uuid id, second;

        if (uuid_parse(text, &id) < 0)
                return 0;
        PROPERTY(strlen(text) == UUID_TEXT_SIZE - 1);
        PROPERTY(strcasecmp(uuid_format(&id, again), text) == 0);
        PROPERTY(uuid_parse(again, &second) == 0 && uuid_equal(&id, &second));
        return 0;
}
