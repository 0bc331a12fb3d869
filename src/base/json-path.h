/* The value at a path in a JSON text of a stranger: read once from end to end, without a tree and
 * without memory of its own, so a text costs what it is long and no more.
 *
 *      $                the whole
 *      .name            a member; name without . [ ] " ' space or control characters
 *      ["any name"]     a member; \" and \\ stand for themselves; also in single quotes
 *      [0]              an item of a list, from 0
 *
 * as in $.services[0]["last error"]: RFC 9535 without what selects more than one value. The text is
 * any value of RFC 8259, nested at most JSON_PATH_DEPTH_MAX deep, without NUL in any form; of
 * members with one name the last one counts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define JSON_PATH_SIZE      128 /* NUL included */
#define JSON_PATH_DEPTH_MAX 64

typedef enum JsonKind {
        JSON_IS_NULL,
        JSON_IS_BOOL,
        JSON_IS_NUMBER,
        JSON_IS_STRING,
        JSON_IS_LIST,
        JSON_IS_OBJECT,
} JsonKind;

typedef struct JsonValue {
        JsonKind kind;
        const char *text; /* as it is written, borrowed from the whole */
        size_t n;
} JsonValue;

/* 0; -EINVAL: no path, from *ret_offset on (may be NULL). */
int json_path_check(const char *path, size_t *ret_offset);
/* 1: *ret is there; 0: nothing is; -EINVAL: no path; -EBADMSG: no JSON. */
int json_path_find(const char *path, const char *text, size_t n, JsonValue *ret);

/* A string's characters, of other values what is written. NUL-terminated, freed by the caller.
 * -ENOMEM. */
int json_value_text(const JsonValue *v, char **ret);
