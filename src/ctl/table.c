/* Cells are kept as text; what they look like is decided when they are printed. */
#include "ctl/table.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"

struct Table {
        const TableColumn *columns; /* borrowed */
        size_t n_columns, n_cells, size;
        char **cells;
        int error;
};

static const struct {
        const char *text, *color;
} colors[] = {
        { "approved", "green" }, { "pending", "yellow" },  { "suspended", "red" },
        { "ready", "green" },    { "not running", "red" }, { "UP", "green" },
        { "DOWN", "red" },       { "PARTIAL", "yellow" },  { "DEGRADED", "yellow" },
        { "up", "green" },       { "down", "red" },        { "abstain", "yellow" },
        { "holds", "green" },    { "fails", "red" },       { "absent", "red" },
};

int table_new(Table **ret, const TableColumn *columns) {
        Table *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        t->columns = columns;
        while (columns[t->n_columns].title)
                t->n_columns++;
        *ret = t;
        return 0;
}

Table *table_free(Table *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_cells; i++)
                free(t->cells[i]);
        free(t->cells);
        free(t);
        return NULL;
}

static const TableColumn *column_of(const Table *t, size_t cell) {
        return &t->columns[cell % t->n_columns];
}

static int grow(Table *t) {
        size_t size = MAX(t->size * 2, (size_t)64);
        char **cells;

        if (t->n_cells < t->size)
                return 0;
        cells = reallocarray(t->cells, size, sizeof(*cells));
        if (!cells)
                return -ENOMEM;
        t->cells = cells;
        t->size = size;
        return 0;
}

/* Takes text; NULL is lack of memory. */
static void add(Table *t, char *text) {
        if (!text || grow(t) < 0) {
                free(text);
                t->error = -ENOMEM;
                return;
        }
        t->cells[t->n_cells++] = text;
}

void table_text(Table *t, const char *text) {
        if (t->error == 0)
                add(t, strdup(text ? text : ""));
}

void table_number(Table *t, int64_t value) {
        char *text = NULL;

        if (t->error < 0)
                return;
        if (asprintf(&text, "%" PRId64, value) < 0)
                text = NULL;
        add(t, text);
}

bool table_is_empty(const Table *t) {
        return t->n_cells == 0;
}

bool table_may_color(FILE *to) {
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

        return (!no || !no[0]) && term && strcmp(term, "dumb") != 0 && isatty(fileno(to));
}

/* JSON ----------------------------------------------------------------------------------------- */

static void format_time(const char *seconds, char ret[static TIME_FORMAT_SIZE]) {
        time_format((usec_t)strtoull(seconds, NULL, 10) * USEC_PER_SEC, ret);
        snprintf(strchr(ret, '.'), 2, "Z"); /* to the second */
}

static void write_list(JsonWriter *w, const char *name, const char *text) {
        json_writer_open_array(w, name);
        while (*text) {
                size_t n = strcspn(text, " ");
                char *item = strndup(text, n);

                json_writer_string(w, NULL, item);
                free(item);
                text += n + strspn(text + n, " ");
        }
        json_writer_close(w);
}

static void write_cell(JsonWriter *w, const TableColumn *c, const char *text) {
        char at[TIME_FORMAT_SIZE];

        switch (c->kind) {
        case CELL_TEXT:
                json_writer_string(w, c->json, text);
                break;
        case CELL_NUMBER:
        case CELL_BYTES:
                json_writer_number(w, c->json, strtoll(text, NULL, 10));
                break;
        case CELL_DAYS:
                if (strcmp(text, "0") == 0)
                        json_writer_string(w, c->json, NULL);
                else
                        json_writer_number(w, c->json, strtoll(text, NULL, 10));
                break;
        case CELL_BOOL:
                json_writer_bool(w, c->json, strcmp(text, "0") != 0);
                break;
        case CELL_TIME:
                format_time(text, at);
                json_writer_string(w, c->json, strcmp(text, "0") == 0 ? NULL : at);
                break;
        case CELL_LIST:
                write_list(w, c->json, text);
                break;
        case CELL_TABLE:
                json_writer_raw(w, c->json, text);
                break;
        }
}

static void write_row(JsonWriter *w, const Table *t, size_t row) {
        json_writer_open_object(w, NULL);
        for (size_t i = 0; i < t->n_columns; i++)
                write_cell(w, &t->columns[i], t->cells[row * t->n_columns + i]);
        json_writer_close(w);
}

static int format_json(const Table *t, bool one, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *w = NULL;
        int r;

        r = json_writer_new(&w);
        if (r < 0)
                return r;
        if (!one)
                json_writer_open_array(w, NULL);
        for (size_t row = 0; row < (one ? 1 : t->n_cells / t->n_columns); row++)
                write_row(w, t, row);
        if (!one)
                json_writer_close(w);
        return json_writer_take(w, ret);
}

static int print_json(const Table *t, bool one, FILE *to) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = format_json(t, one, &text);
        if (r < 0)
                return r;
        return fprintf(to, "%s\n", text) < 0 ? -EIO : 0;
}

void table_table(Table *t, const Table *rows) {
        char *text = NULL;

        if (t->error == 0)
                add(t, rows->error == 0 && format_json(rows, false, &text) == 0 ? text : NULL);
}

/* For people ----------------------------------------------------------------------------------- */

static void format_bytes(const char *text, char ret[static TIME_FORMAT_SIZE]) {
        static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
        double n = strtod(text, NULL) / 1024;
        size_t i = 0;

        for (; n >= 1024 && i + 1 < ELEMENTSOF(units); i++)
                n /= 1024;
        snprintf(ret, TIME_FORMAT_SIZE, n < 10 ? "%.1f %s" : "%.0f %s", n, units[i]);
}

static bool is_number(const TableColumn *c) {
        return c->kind == CELL_NUMBER || c->kind == CELL_DAYS || c->kind == CELL_BYTES;
}

static const char *for_people(const TableColumn *c, const char *text,
                              char buffer[static TIME_FORMAT_SIZE]) {
        bool none = strcmp(text, "0") == 0;

        if (c->kind == CELL_BOOL)
                return none ? "no" : "yes";
        if (c->kind == CELL_TABLE)
                return "(in JSON)";
        if (c->kind == CELL_BYTES) {
                format_bytes(text, buffer);
                return buffer;
        }
        if (c->kind == CELL_TIME && !none) {
                format_time(text, buffer);
                return buffer;
        }
        if (none && (c->kind == CELL_TIME || c->kind == CELL_DAYS))
                return "-";
        return *text ? text : "-";
}

static int set_cell(struct libscols_line *line, size_t column, const char *text) {
        for (size_t i = 0; i < ELEMENTSOF(colors); i++)
                if (strcmp(text, colors[i].text) == 0)
                        (void)scols_cell_set_color(scols_line_get_cell(line, column),
                                                   colors[i].color);
        return scols_line_set_data(line, column, text);
}

static int add_column(struct libscols_table *table, const char *title, bool right) {
        struct libscols_column *column;

        column = scols_table_new_column(table, title, 0, right ? SCOLS_FL_RIGHT : 0);
        if (!column)
                return -ENOMEM;
        (void)scols_cell_set_color(scols_column_get_header(column), "bold");
        return 0;
}

static int fill_rows(struct libscols_table *table, const Table *t) {
        char at[TIME_FORMAT_SIZE];
        struct libscols_line *line = NULL;
        int r = 0;

        for (size_t i = 0; i < t->n_columns && r >= 0; i++)
                r = add_column(table, t->columns[i].title, is_number(&t->columns[i]));
        for (size_t i = 0; i < t->n_cells && r >= 0; i++) {
                if (i % t->n_columns == 0)
                        line = scols_table_new_line(table, NULL);
                if (!line)
                        return -ENOMEM;
                r = set_cell(line, i % t->n_columns, for_people(column_of(t, i), t->cells[i], at));
        }
        return r;
}

static int fill_upright(struct libscols_table *table, const Table *t) {
        char at[TIME_FORMAT_SIZE];
        int r;

        (void)scols_table_enable_noheadings(table, 1);
        r = add_column(table, "name", false);
        if (r >= 0)
                r = add_column(table, "value", false);
        for (size_t i = 0; i < t->n_columns && r >= 0; i++) {
                struct libscols_line *line = scols_table_new_line(table, NULL);

                if (!line)
                        return -ENOMEM;
                r = scols_line_set_data(line, 0, t->columns[i].title);
                if (r >= 0)
                        r = set_cell(line, 1, for_people(&t->columns[i], t->cells[i], at));
        }
        return r;
}

static int print_people(const Table *t, const TableStyle *style, FILE *to, bool one) {
        struct libscols_table *table = scols_new_table();
        int r;

        if (!table)
                return -ENOMEM;
        (void)scols_table_enable_colors(table, style->color);
        (void)scols_table_set_stream(table, to);
        (void)scols_table_set_column_separator(table, "  ");
        r = one ? fill_upright(table, t) : fill_rows(table, t);
        if (r >= 0)
                r = scols_print_table(table);
        scols_unref_table(table);
        return r > 0 ? -r : r;
}

static int print(const Table *t, const TableStyle *style, FILE *to, bool one) {
        if (t->error < 0)
                return t->error;
        assert(t->n_cells % t->n_columns == 0);
        return style->json ? print_json(t, one, to) : print_people(t, style, to, one);
}

int table_print(const Table *t, const TableStyle *style, FILE *to) {
        return print(t, style, to, false);
}

int table_print_record(const Table *t, const TableStyle *style, FILE *to) {
        assert(t->error < 0 || t->n_cells >= t->n_columns);
        return print(t, style, to, true);
}
