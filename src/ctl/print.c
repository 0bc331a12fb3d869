/* What could not be written is a failure, too. */
#include "ctl/print.h"

#include <string.h>

#include "ctl/pager.h"

static CtlExit outcome(int r) {
        if (r >= 0)
                return CTL_OK;
        fprintf(stderr, "dpinctl: the answer cannot be printed: %s\n", strerror(-r));
        return CTL_FAILED;
}

static TableStyle style_of(const Args *args) {
        return (TableStyle){ .json = args->options[OPTION_JSON] != NULL,
                             .color = table_may_color(stdout) };
}

CtlExit print_rows_at_once(const Args *args, const Table *t) {
        TableStyle style = style_of(args);

        return outcome(table_print(t, &style, stdout));
}

/* What the reader of a pager did not wait for is no failure. */
CtlExit print_table(const Args *args, const Table *t) {
        TableStyle style = style_of(args);
        _cleanup_(pager_closep) Pager *pager = NULL;

        if (args->options[OPTION_JSON] || args->options[OPTION_NO_PAGER] || pager_open(&pager) <= 0)
                return print_rows_at_once(args, t);
        (void)table_print(t, &style, stdout);
        return CTL_OK;
}

CtlExit print_record(const Args *args, const Table *t) {
        TableStyle style = style_of(args);

        return outcome(table_print_record(t, &style, stdout));
}

CtlExit print_json(JsonWriter *w) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_writer_take(w, &text);
        if (r >= 0)
                puts(text);
        return outcome(r);
}

CtlExit print_value(const Args *args, const char *name, const char *value) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        int r;

        if (!args->options[OPTION_JSON]) {
                puts(value);
                return CTL_OK;
        }
        r = json_writer_new(&w);
        if (r < 0)
                return outcome(r);
        json_writer_open_object(w, NULL);
        json_writer_string(w, name, value);
        json_writer_close(w);
        return print_json(w);
}
