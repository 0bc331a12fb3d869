/* dpin-statements: all SQL of the store as one JSON object, name to text, for plans.py. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/macro.h"
#include "store/statements.h"
#include "store/store.h"

int main(void) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        _cleanup_free_ char *text = NULL;

        if (json_writer_new(&w) < 0)
                return EXIT_FAILURE;
        json_writer_open_object(w, NULL);
        for (const StoreStatements *noun = store_statements(); *noun; noun++)
                for (StoreStatements s = *noun; *s; s++)
                        json_writer_string(w, (*s)->name, (*s)->sql);
        json_writer_close(w);
        if (json_writer_take(w, &text) < 0 || puts(text) < 0)
                return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
