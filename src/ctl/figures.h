/* Properties of a daemon as names with values, whatever there are: a new one needs no change in
 * dpinctl. What is a dictionary is laid flat: "States.UP". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/json.h"

typedef struct Figure {
        char *name;
        char *text; /* for people */
        enum {
                FIGURE_TEXT,
                FIGURE_BOOL,
                FIGURE_NUMBER,
                FIGURE_COUNTER, /* of 64 bits: its speed says more than itself */
        } kind;
        uint64_t number; /* of all but text */
} Figure;

typedef struct Figures {
        Figure *items;
        size_t n;
} Figures;

/* Reads a{sv}, before which the message stands. Negative errno. */
int figures_read(sd_bus_message *m, Figures *ret);
void figures_done(Figures *f);
const Figure *figures_find(const Figures *f, const char *name);
/* Members of an object that is open; those of one dictionary as an object of their own. */
void figures_write(const Figures *f, JsonWriter *w);
