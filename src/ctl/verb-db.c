/* dpinctl db: the database, as the hub finds it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/bus.h"
#include "ctl/organisations.h"
#include "ctl/print.h"

#define TABLE   "(ssxttutt)"
#define PROBLEM "(sss)"

static const TableColumn table_columns[] = {
        { "TABLE", "table", CELL_TEXT },
        { "LEVEL", "level", CELL_TEXT },
        { "ROWS", "rows", CELL_NUMBER },
        { "SIZE", "bytes", CELL_BYTES },
        { "INDEXES", "indexBytes", CELL_BYTES },
        { "PARTITIONS", "partitions", CELL_NUMBER },
        { "OLDEST", "oldest", CELL_TIME },
        { "NEWEST", "newest", CELL_TIME },
        { 0 },
};

static const TableColumn problem_columns[] = {
        { "PROBLEM", "code", CELL_TEXT },
        { "AT", "subject", CELL_TEXT },
        { "WHAT TO DO", "remedy", CELL_TEXT },
        { 0 },
};

typedef int (*ReadRow)(sd_bus_message *m, Table *t);

static int read_table(sd_bus_message *m, Table *t) {
        uint64_t bytes, index_bytes, oldest, newest;
        const char *name, *level;
        uint32_t partitions;
        int64_t rows;
        int r;

        r = sd_bus_message_read(m, TABLE, &name, &level, &rows, &bytes, &index_bytes, &partitions,
                                &oldest, &newest);
        if (r <= 0)
                return r;
        table_text(t, name);
        table_text(t, level);
        table_number(t, rows);
        table_number(t, (int64_t)bytes);
        table_number(t, (int64_t)index_bytes);
        table_number(t, partitions);
        table_number(t, (int64_t)oldest);
        table_number(t, (int64_t)newest);
        return 1;
}

static int read_problem(sd_bus_message *m, Table *t) {
        const char *code, *subject, *remedy;
        int r;

        r = sd_bus_message_read(m, PROBLEM, &code, &subject, &remedy);
        if (r <= 0)
                return r;
        table_text(t, code);
        table_text(t, subject);
        table_text(t, remedy);
        return 1;
}

/* The number of rows, or negative errno. */
static int read_rows(sd_bus_message *m, const char *type, ReadRow read, Table *t) {
        int r, n = 0;

        r = sd_bus_message_enter_container(m, 'a', type);
        while (r >= 0) {
                r = read(m, t);
                if (r == 0)
                        return n;
                n++;
        }
        return r;
}

typedef struct Shown {
        uint32_t schema;
        uint64_t bytes;
        Table *tables, *own; /* the latter: organisations with days of their own */
} Shown;

/* NULL: out of memory. */
static char *json_of(const Table *t) {
        char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);
        int r;

        if (!to)
                return NULL;
        r = table_print(t, &(TableStyle){ .json = true }, to);
        if (fclose(to) == 0 && r >= 0)
                return text;
        free(text);
        return NULL;
}

/* {"schema", "bytes", "organisations": rows, "tables": rows} */
static CtlExit print_object(const Shown *s) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        _cleanup_free_ char *own = json_of(s->own), *tables = json_of(s->tables);

        if (!own || !tables || json_writer_new(&w) < 0)
                return CTL_FAILED;
        json_writer_open_object(w, NULL);
        json_writer_number(w, "schema", s->schema);
        json_writer_number(w, "bytes", (int64_t)s->bytes);
        json_writer_raw(w, "organisations", own);
        json_writer_raw(w, "tables", tables);
        json_writer_close(w);
        return print_json(w);
}

static CtlExit print_shown(const Args *args, const Shown *s) {
        CtlExit e = CTL_OK;

        if (args->options[OPTION_JSON])
                return print_object(s);
        printf("Schema %" PRIu32 ", %.1f MiB\n\n", s->schema, (double)s->bytes / 1048576);
        if (!table_is_empty(s->own)) {
                e = print_rows_at_once(args, s->own);
                putchar('\n');
        }
        return e == CTL_OK ? print_table(args, s->tables) : e;
}

CtlExit verb_db_status(const Args *args, const char *const *words _unused_) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_(table_freep) Table *tables = NULL, *own = NULL;
        Shown s;
        CtlExit e;
        int r;

        if (table_new(&tables, table_columns) < 0)
                return CTL_FAILED;
        e = bus_ask(args, &(const BusMethod){ &service_hub, "ShowDatabase" }, &answer, "");
        if (e == CTL_OK)
                e = organisations_ask(args, "own", &own);
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "ut", &s.schema, &s.bytes);
        if (r >= 0)
                r = read_rows(answer, TABLE, read_table, tables);
        if (r < 0)
                return bus_garbled(&service_hub, r);
        s.tables = tables;
        s.own = own;
        return print_shown(args, &s);
}

/* CTL_FAILED, too, when something is wrong. */
CtlExit verb_db_verify(const Args *args, const char *const *words _unused_) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;
        int n;

        if (table_new(&t, problem_columns) < 0)
                return CTL_FAILED;
        e = bus_ask(args, &(const BusMethod){ &service_hub, "VerifyDatabase" }, &answer, "");
        if (e != CTL_OK)
                return e;
        n = read_rows(answer, PROBLEM, read_problem, t);
        if (n < 0)
                return bus_garbled(&service_hub, n);
        if (n == 0 && !args->options[OPTION_JSON])
                puts("All is well");
        else
                e = print_table(args, t);
        return e == CTL_OK && n > 0 ? CTL_FAILED : e;
}
