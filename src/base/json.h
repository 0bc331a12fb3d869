/* JSON at the edges: a field table reads an object into a struct and refuses what the table does
 * not name; a writer builds text. The only user of json-c. Strict: duplicate and unknown keys,
 * trailing bytes, invalid UTF-8, depth over 16 are refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

typedef enum JsonType {
        JSON_STRING, /* char[size], NUL-terminated; -ENOBUFS when longer than size - 1 */
        JSON_TEXT,   /* char *, NUL-terminated, at most .size bytes; owned by the struct, NULL when
                      * absent
                      */
        JSON_U64,    /* uint64_t below 2^63, written as a decimal string */
        JSON_NUMBER, /* int64_t, plain number of magnitude below 2^53, within [min, max] when max >
                        min */
        JSON_BOOL,   /* bool */
        JSON_FIXED,  /* uint8_t[size], base64url of exactly size bytes */
        JSON_BYTES,  /* JsonBytes, base64url of at most size bytes; owned by the struct */
        JSON_OBJECT, /* nested struct at offset, read by .fields */
        JSON_ARRAY,  /* JsonArray of structs of element size .size, at most .max of them, each read
                        by .fields */
        JSON_RAW, /* char *, an object as JSON text for another reader, at most .size bytes; owned
                     by the struct, NULL when absent */
        JSON_STRINGS, /* JsonStrings, at most .max strings of at most .size bytes each; owned by the
                         struct */
} JsonType;

typedef struct JsonBytes {
        uint8_t *data;
        size_t n;
} JsonBytes;

typedef struct JsonArray {
        void *items;
        size_t n;
} JsonArray;

typedef struct JsonStrings {
        char **items;
        size_t n;
} JsonStrings;

typedef enum __attribute__((packed)) JsonSeen {
        JSON_SEEN_NOTHING,
        JSON_SEEN_NULL,
        JSON_SEEN_VALUE,
} JsonSeen;

typedef struct JsonField {
        const char *name;
        JsonType type;
        bool optional; /* absent leaves the struct's bytes as they were; null is refused */
        size_t offset, size;
        int64_t min, max;
        const struct JsonField *fields; /* nested table, ended by a field without name */
        bool nullable;                  /* null leaves the struct's bytes as they were, too */
        size_t seen; /* offset of a JsonSeen that says which of them there was; 0: nothing does */
} JsonField;

/* Reads one object. fields ends with a field without name. ret must be zeroed or hold defaults. 0;
 * -EBADMSG: no strict JSON object; -EINVAL: a field has the wrong type or range, is missing or
 * unknown; -ENOBUFS: too long. error (may be NULL) is set to the offending field's name or a static
 * reason. On failure what was allocated is freed. */
int json_read(const char *text, size_t n, const JsonField *fields, void *ret, const char **error);
/* Frees what json_read() allocated inside the struct, and zeroes those members. */
void json_done(const JsonField *fields, void *value);
/* The inverse of json_read(): the same table writes the struct; optional members that are zero,
 * empty or NULL are left out. 0; -EINVAL: text without end or no UTF-8; -ERANGE: a number too
 * large. *ret is freed by the caller. */
int json_write(const JsonField *fields, const void *value, char **ret);

/* Builds text step by step where no struct exists. Errors are remembered and reported by
 * json_writer_take(). */
typedef struct JsonWriter JsonWriter;
int json_writer_new(JsonWriter **ret);
JsonWriter *json_writer_free(JsonWriter *w);
DEFINE_FREEP(JsonWriter, json_writer_free);
/* name is NULL inside arrays and for the outermost value. */
void json_writer_open_object(JsonWriter *w, const char *name);
void json_writer_open_array(JsonWriter *w, const char *name);
void json_writer_close(JsonWriter *w);
void json_writer_string(JsonWriter *w, const char *name, const char *value); /* NULL writes null */
void json_writer_number(JsonWriter *w, const char *name, int64_t value);
void json_writer_real(JsonWriter *w, const char *name, double value);
void json_writer_bool(JsonWriter *w, const char *name, bool value);
void json_writer_base64(JsonWriter *w, const char *name, const void *bytes, size_t n);
/* Text that is JSON already. */
void json_writer_raw(JsonWriter *w, const char *name, const char *json);
/* 0 or the first error; *ret is freed by the caller. */
int json_writer_take(JsonWriter *w, char **ret);

/* One string member of a JSON object of any shape; 1 found, 0 absent. For tables that dispatch by a
 * "type" member. */
int json_peek_string(const char *text, size_t n, const char *name, char *ret, size_t size);
