/* Any table's bodies: read, or refused in its words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/body.h"

typedef struct Pet {
        char name[8];
} Pet;

static const JsonField fields[] = {
        { .name = "name", .type = JSON_STRING, .offset = offsetof(Pet, name), .size = 8 },
        { 0 },
};
static const BodyWords words[] = { { "age", "must be a number" },
                                   { "name", "must be short" },
                                   { 0 } };
static const BodyTable table = { fields, words };

static void expect(const char *text, unsigned status, const char *detail, const char *pointer) {
        BodyProblem problem = { 0 };
        Pet pet = { 0 };

        assert_int_equal(body_read(text, strlen(text), &table, &pet, &problem), -EINVAL);
        assert_int_equal(problem.status, status);
        assert_string_equal(problem.detail, detail);
        assert_string_equal(problem.pointer, pointer);
}

static void read_by_the_table(void **state) {
        BodyProblem problem = { 0 };
        Pet pet = { 0 };

        (void)state;
        assert_int_equal(body_read("{\"name\":\"rex\"}", 14, &table, &pet, &problem), 0);
        assert_string_equal(pet.name, "rex");
}

static void refused_in_its_words(void **state) {
        (void)state;
        expect("{\"name\":\"far too long\"}", 422, "The member \"name\" must be short.", "/name");
        expect("{}", 422, "The member \"name\" must be short.", "/name");
        expect("[]", 400, "The body is no JSON object.", "");
        expect("", 400, "The body is no JSON object.", "");
}

static void foreign_names_are_not_repeated(void **state) {
        (void)state;
        expect("{\"name\":\"rex\",\"<script>\":1}", 422,
               "The body has a member that is not known here.", "");
        expect("{\"name\":\"rex\",\"age\":3}", 422, /* there are words for it, of another table */
               "The body has a member that is not known here.", "");
}

static void reasons_become_sentences(void **state) {
        BodyProblem problem = { 0 };

        (void)state;
        assert_int_equal(body_refuse_for(&problem, "name", "a name is short"), -EINVAL);
        assert_string_equal(problem.detail, "A name is short.");
        assert_string_equal(problem.pointer, "/name");
        assert_int_equal(problem.status, 422);
        assert_int_equal(body_refuse_as(&problem, "name", "is longer"), -EINVAL);
        assert_string_equal(problem.detail, "The member \"name\" is longer.");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(read_by_the_table),
                cmocka_unit_test(refused_in_its_words),
                cmocka_unit_test(foreign_names_are_not_repeated),
                cmocka_unit_test(reasons_become_sentences),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
