/* Links to acknowledge: of one incident, channel, day and network, and of no other. */
#include <errno.h>

#include "wire-fixture.h"
#include "wire/acknowledge.h"

static AcknowledgeLink fixture_link(void) {
        AcknowledgeLink l = { .day = 20454 };

        memset(l.incident.bytes, 0x11, sizeof(l.incident.bytes));
        memset(l.channel.bytes, 0x22, sizeof(l.channel.bytes));
        return l;
}

static const char *make(char ret[static ACKNOWLEDGE_TEXT_SIZE]) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_NETWORK);
        const AcknowledgeLink l = fixture_link();

        assert_int_equal(acknowledge_make(k, &l, ret), 0);
        return ret;
}

static void a_link_survives_its_text(_unused_ void **state) {
        const AcknowledgeLink l = fixture_link();
        const SignScope scope = fixture_scope();
        char text[ACKNOWLEDGE_TEXT_SIZE];
        AcknowledgeLink read;

        assert_int_equal(strlen(make(text)), 134);
        assert_int_equal(acknowledge_read(text, &scope.network, &read), 0);
        assert_true(uuid_equal(&read.incident, &l.incident));
        assert_true(uuid_equal(&read.channel, &l.channel));
        assert_int_equal(read.day, l.day);
}

static void no_character_can_be_changed(_unused_ void **state) {
        const SignScope scope = fixture_scope();
        char text[ACKNOWLEDGE_TEXT_SIZE];
        AcknowledgeLink read;

        make(text);
        for (size_t i = 0; text[i]; i++) {
                char was = text[i];

                text[i] = was == 'A' ? 'B' : 'A';
                assert_int_equal(acknowledge_read(text, &scope.network, &read), -EBADMSG);
                text[i] = was;
        }
        assert_int_equal(acknowledge_read("", &scope.network, &read), -EBADMSG);
        text[ACKNOWLEDGE_TEXT_SIZE - 2] = '\0';
        assert_int_equal(acknowledge_read(text, &scope.network, &read), -EBADMSG);
}

static void another_network_has_others(_unused_ void **state) {
        const SignScope scope = fixture_scope();
        char text[ACKNOWLEDGE_TEXT_SIZE];
        AcknowledgeLink read;

        assert_int_equal(acknowledge_read(make(text), &scope.subject, &read), -EBADMSG);
}

/* The key signs other things, too: they open nothing here. */
static void what_was_signed_for_something_else_is_no_link(_unused_ void **state) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_NETWORK);
        const SignScope scope = { *sign_key_public(k), *sign_key_public(k) };
        uint8_t bytes[ACKNOWLEDGE_SIZE] = { 0 };
        Statement s = { DOMAIN_HELLO, &scope, bytes, ACKNOWLEDGE_BODY_SIZE };
        char text[ACKNOWLEDGE_TEXT_SIZE];
        AcknowledgeLink read;
        Signature signature;

        assert_int_equal(sign_statement(k, &s, &signature), 0);
        memcpy(bytes + ACKNOWLEDGE_BODY_SIZE, signature.bytes, sizeof(signature.bytes));
        base64url_encode(bytes, sizeof(bytes), text);
        assert_int_equal(acknowledge_read(text, &scope.network, &read), -EBADMSG);
}

static void its_end_is_that_of_a_day(_unused_ void **state) {
        AcknowledgeLink l = { .day = acknowledge_last_day(3 * USEC_PER_DAY + 5) };

        assert_int_equal(l.day, 10);
        assert_int_equal(acknowledge_last_day(4 * USEC_PER_DAY - 1), 10);
        assert_true(acknowledge_ends(&l) == 11 * USEC_PER_DAY);
        l.day = UINT32_MAX;
        assert_true(acknowledge_ends(&l) > UINT32_MAX * USEC_PER_DAY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_link_survives_its_text),
                cmocka_unit_test(no_character_can_be_changed),
                cmocka_unit_test(another_network_has_others),
                cmocka_unit_test(what_was_signed_for_something_else_is_no_link),
                cmocka_unit_test(its_end_is_that_of_a_day),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
