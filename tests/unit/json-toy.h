/* A struct with a member of every type, for the tests of reading and writing JSON. */
#pragma once

#include "base/json.h"

typedef struct Wheel {
        int64_t size;
        JsonStrings marks;
} Wheel;

typedef struct Toy {
        char name[8];
        char *motto, *extra;
        uint64_t serial;
        int64_t age;
        bool broken;
        uint8_t key[4];
        JsonBytes data;
        Wheel spare;
        JsonArray wheels;
        JsonStrings tags;
} Toy;

static const JsonField wheel_fields[] = {
        { .name = "size",
          .type = JSON_NUMBER,
          .offset = offsetof(Wheel, size),
          .min = 1,
          .max = 9 },
        { .name = "marks",
          .type = JSON_STRINGS,
          .optional = true,
          .offset = offsetof(Wheel, marks),
          .size = 3,
          .max = 2 },
        {},
};

/* clang-format off */
#define TOY_FIELDS(o)                                                                              \
        {                                                                                          \
                { "name", JSON_STRING, o, offsetof(Toy, name), 8, 0, 0, NULL, false, 0 },          \
                { "motto", JSON_TEXT, o, offsetof(Toy, motto), 6, 0, 0, NULL, true, 0 },           \
                { "extra", JSON_RAW, o, offsetof(Toy, extra), 16, 0, 0, NULL, false, 0 },          \
                { "serial", JSON_U64, o, offsetof(Toy, serial), 0, 0, 0, NULL, false, 0 },         \
                { "age", JSON_NUMBER, o, offsetof(Toy, age), 0, 0, 0, NULL, false, 0 },            \
                { "broken", JSON_BOOL, o, offsetof(Toy, broken), 0, 0, 0, NULL, false, 0 },        \
                { "key", JSON_FIXED, o, offsetof(Toy, key), 4, 0, 0, NULL, false, 0 },             \
                { "data", JSON_BYTES, o, offsetof(Toy, data), 5, 0, 0, NULL, false, 0 },           \
                { "spare", JSON_OBJECT, o, offsetof(Toy, spare), 0, 0, 0, wheel_fields, false, 0 },\
                { "wheels", JSON_ARRAY, o, offsetof(Toy, wheels), sizeof(Wheel), 0, 3,             \
                  wheel_fields, false, 0 },                                                        \
                { "tags", JSON_STRINGS, o, offsetof(Toy, tags), 4, 0, 3, NULL, false, 0 },         \
                {},                                                                                \
        }
/* clang-format on */

static const JsonField toy_fields[] = TOY_FIELDS(false);
static const JsonField loose_fields[] = TOY_FIELDS(true);

static const char toy_text[] =
                "{\"name\":\"car\",\"motto\":\"drive!\",\"extra\":{\"a\":[1,\"b\"]},\"serial\":"
                "\"9223372036854775807\",\"age\":-7,\"broken\":true,"
                "\"key\":\"AQIDBA\",\"data\":\"-_8\",\"spare\":{\"size\":9},"
                "\"wheels\":[{\"size\":1,\"marks\":[\"a\",\"bcd\"]},{\"size\":2}],"
                "\"tags\":[\"\",\"\xc3\xa4\"]}";
