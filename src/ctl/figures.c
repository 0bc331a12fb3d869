/* Types as the daemons use them: text, truth, numbers, and dictionaries of numbers by name. */
#include "ctl/figures.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"

void figures_done(Figures *f) {
        for (size_t i = 0; i < f->n; i++) {
                free(f->items[i].name);
                free(f->items[i].text);
        }
        free(f->items);
        *f = (Figures){ 0 };
}

/* Takes both texts. */
static int add(Figures *f, const Figure *figure) {
        Figure *items = NULL;

        if (figure->name && figure->text)
                items = reallocarray(f->items, f->n + 1, sizeof(*items));
        if (!items) {
                free(figure->name);
                free(figure->text);
                return -ENOMEM;
        }
        f->items = items;
        f->items[f->n++] = *figure;
        return 0;
}

static int add_number(Figures *f, char *name, char type, uint64_t number) {
        Figure figure = { .name = name,
                          .kind = type == 't' ? FIGURE_COUNTER : FIGURE_NUMBER,
                          .number = number };

        if (asprintf(&figure.text, "%" PRIu64, number) < 0)
                figure.text = NULL;
        return add(f, &figure);
}

static int read_number(sd_bus_message *m, char type, uint64_t *ret) {
        uint32_t u32;
        uint8_t u8;
        int r;

        switch (type) {
        case 't':
                return sd_bus_message_read_basic(m, 't', ret);
        case 'u':
                r = sd_bus_message_read_basic(m, 'u', &u32);
                *ret = r > 0 ? u32 : 0;
                return r;
        case 'y':
                r = sd_bus_message_read_basic(m, 'y', &u8);
                *ret = r > 0 ? u8 : 0;
                return r;
        default:
                return -EBADMSG;
        }
}

static int read_entries(sd_bus_message *m, Figures *f, const char *name, char type) {
        const char entry[] = { 's', type, '\0' };
        uint64_t number;
        const char *key;
        char *full;
        int r;

        while ((r = sd_bus_message_enter_container(m, 'e', entry)) > 0) {
                r = sd_bus_message_read_basic(m, 's', &key);
                if (r >= 0)
                        r = read_number(m, type, &number);
                if (r >= 0 && asprintf(&full, "%s.%s", name, key) < 0)
                        r = -ENOMEM;
                if (r >= 0)
                        r = add_number(f, full, type, number);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

/* types: "a{st}" */
static int read_dictionary(sd_bus_message *m, Figures *f, const char *name, const char *types) {
        char inner[5] = "";
        int r;

        if (strlen(types) != 5 || strncmp(types, "a{s", 3) != 0)
                return sd_bus_message_skip(m, types);
        memcpy(inner, types + 1, 4);
        r = sd_bus_message_enter_container(m, 'a', inner);
        if (r < 0)
                return r;
        r = read_entries(m, f, name, types[3]);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_text(sd_bus_message *m, Figures *f, char *name) {
        Figure figure = { .name = name, .kind = FIGURE_TEXT };
        const char *text = NULL;
        int r;

        r = sd_bus_message_read_basic(m, 's', &text);
        figure.text = strdup(text ? text : "");
        return add(f, &figure) < 0 ? -ENOMEM : r;
}

static int read_bool(sd_bus_message *m, Figures *f, char *name) {
        Figure figure = { .name = name, .kind = FIGURE_BOOL };
        int r, b = 0;

        r = sd_bus_message_read_basic(m, 'b', &b);
        figure.number = b != 0;
        figure.text = strdup(b ? "yes" : "no");
        return add(f, &figure) < 0 ? -ENOMEM : r;
}

static int read_basic(sd_bus_message *m, Figures *f, const char *name, char type) {
        char *copy = strdup(name);
        uint64_t number = 0;
        int r;

        if (type == 's')
                return read_text(m, f, copy);
        if (type == 'b')
                return read_bool(m, f, copy);
        r = read_number(m, type, &number);
        return add_number(f, copy, type, number) < 0 ? -ENOMEM : r;
}

static int read_value(sd_bus_message *m, Figures *f, const char *name) {
        const char *types;
        int r;

        r = sd_bus_message_peek_type(m, NULL, &types);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'v', types);
        if (r < 0)
                return r;
        if (types[0] == 'a')
                r = read_dictionary(m, f, name, types);
        else if (strchr("sbuty", types[0]))
                r = read_basic(m, f, name, types[0]);
        else
                r = sd_bus_message_skip(m, types);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_all(sd_bus_message *m, Figures *f) {
        const char *name;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(m, 's', &name);
                if (r >= 0)
                        r = read_value(m, f, name);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int figures_read(sd_bus_message *m, Figures *ret) {
        Figures f = { 0 };
        int r;

        r = read_all(m, &f);
        if (r < 0) {
                figures_done(&f);
                return r;
        }
        *ret = f;
        return 0;
}

const Figure *figures_find(const Figures *f, const char *name) {
        for (size_t i = 0; i < f->n; i++)
                if (strcmp(f->items[i].name, name) == 0)
                        return &f->items[i];
        return NULL;
}

/* JSON ----------------------------------------------------------------------------------------- */

static void write_figure(JsonWriter *w, const Figure *x, const char *name) {
        switch (x->kind) {
        case FIGURE_TEXT:
                json_writer_string(w, name, x->text);
                break;
        case FIGURE_BOOL:
                json_writer_bool(w, name, x->number != 0);
                break;
        case FIGURE_NUMBER:
        case FIGURE_COUNTER:
                json_writer_number(w, name, (int64_t)x->number);
                break;
        }
}

/* How many of the figures, from the first on, are of its dictionary. */
static size_t write_dictionary(JsonWriter *w, const Figure *first, size_t n) {
        size_t prefix = strcspn(first->name, ".") + 1, i;
        char name[64];

        snprintf(name, sizeof(name), "%.*s", (int)prefix - 1, first->name);
        json_writer_open_object(w, name);
        for (i = 0; i < n && strncmp(first[i].name, first->name, prefix) == 0; i++)
                write_figure(w, &first[i], first[i].name + prefix);
        json_writer_close(w);
        return i;
}

void figures_write(const Figures *f, JsonWriter *w) {
        for (size_t i = 0; i < f->n;) {
                if (strchr(f->items[i].name, '.')) {
                        i += write_dictionary(w, &f->items[i], f->n - i);
                        continue;
                }
                write_figure(w, &f->items[i], f->items[i].name);
                i++;
        }
}
