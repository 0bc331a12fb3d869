/* What dpinctl prints: rows under columns, for people or as JSON, by the same calls. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macro.h"

typedef enum CellKind {
        CELL_TEXT,   /* empty: "-" for people */
        CELL_NUMBER, /* to the right */
        CELL_DAYS,   /* a number; 0: none */
        CELL_BYTES,  /* a number; for people "1.5 GiB" */
        CELL_BOOL,   /* "yes" and "no" */
        CELL_TIME,   /* seconds since 1970; 0: none */
        CELL_LIST,   /* blanks between; a JSON array */
        CELL_TABLE,  /* an array of objects; for people only that there is one */
} CellKind;

typedef struct TableColumn {
        const char *title; /* NULL ends a table */
        const char *json;  /* member's name */
        CellKind kind;
} TableColumn;

typedef struct Table Table;

/* columns is borrowed. */
int table_new(Table **ret, const TableColumn *columns);
Table *table_free(Table *t);
DEFINE_FREEP(Table, table_free);

/* One cell after the other, row by row; the kind is the column's. Lack of memory is remembered and
 * reported when it is printed. */
void table_text(Table *t, const char *text);   /* CELL_TEXT, CELL_LIST; copied */
void table_table(Table *t, const Table *rows); /* CELL_TABLE; copied */
void table_number(Table *t, int64_t value);    /* the others */
bool table_is_empty(const Table *t);

typedef struct TableStyle {
        bool json, color;
} TableStyle;

/* All rows; in JSON an array of objects. 0 or negative errno, as table_print_record(). */
int table_print(const Table *t, const TableStyle *style, FILE *to);
/* The first row upright, one line per column; in JSON one object. */
int table_print_record(const Table *t, const TableStyle *style, FILE *to);
/* By NO_COLOR, TERM, and whether it is a terminal. */
bool table_may_color(FILE *to);
