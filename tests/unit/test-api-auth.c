/* The Authorization header and what a token stands for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/auth.h"
#include "base/encode.h"

/* SHA-256 of "abc", FIPS 180-2. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void expect_token(const char *header, const char *hash) {
        char text[HEX_SIZE(32)];
        uint8_t sha256[32];

        assert_int_equal(auth_read(header, sha256), 0);
        assert_string_equal(hex_encode(sha256, sizeof(sha256), text), hash);
}

static void expect_refusal(const char *header, int r) {
        uint8_t sha256[32];

        assert_int_equal(auth_read(header, sha256), r);
}

static void a_token_is_known_by_its_hash(void **state _unused_) {
        expect_token("Bearer abc", ABC);
        expect_token("bearer abc", ABC);
        expect_token("BEARER   abc", ABC);
}

static void a_header_is_needed(void **state _unused_) {
        expect_refusal(NULL, -ENOENT);
        expect_refusal("", -EINVAL);
}

static void other_schemes_are_refused(void **state _unused_) {
        expect_refusal("Basic YWJj", -EINVAL);
        expect_refusal("Bearerabc", -EINVAL);
        expect_refusal("abc", -EINVAL);
}

static void malformed_tokens_are_refused(void **state _unused_) {
        expect_refusal("Bearer ", -EINVAL);
        expect_refusal("Bearer =", -EINVAL);
        expect_refusal("Bearer abc def", -EINVAL);
        expect_refusal("Bearer abc, Bearer abc", -EINVAL);
        expect_refusal("Bearer ab\"c", -EINVAL);
        expect_refusal("Bearer ab=c", -EINVAL);
        expect_refusal("Bearer abc\x01", -EINVAL);
        expect_refusal("Bearer \xc3\xa4", -EINVAL);
}

static void a_token_has_at_most_512_characters(void **state _unused_) {
        char header[7 + 513 + 1] = "Bearer ";
        uint8_t sha256[32];

        memset(header + 7, 'x', 513);
        expect_refusal(header, -EINVAL);
        header[7 + 512] = '\0';
        assert_int_equal(auth_read(header, sha256), 0);
}

static void an_actor_is_named_by_the_visible_start(void **state _unused_) {
        Principal p = { .secret_sha256 = { 7 } };

        principal_set(&p,
                      &(TokenRow){ .organisation = 3, .scopes = TOKEN_READ, .prefix = "dpin_x" });
        assert_int_equal(p.organisation, 3);
        assert_int_equal(p.scopes, TOKEN_READ);
        assert_string_equal(p.actor, "token dpin_x");
        assert_int_equal(p.secret_sha256[0], 7);
}

static void an_actor_is_cut_not_overrun(void **state _unused_) {
        char prefix[4 * AUTH_PREFIX_MAX + 1];
        Principal p = { 0 };

        memset(prefix, 'x', sizeof(prefix) - 1);
        prefix[sizeof(prefix) - 1] = '\0';
        principal_set(&p, &(TokenRow){ .prefix = prefix });
        assert_int_equal(strlen(p.actor), strlen("token ") + AUTH_PREFIX_MAX);
}

static void scopes_have_names(void **state _unused_) {
        assert_string_equal(auth_scope_name(TOKEN_READ), "read");
        assert_string_equal(auth_scope_name(TOKEN_WRITE), "write");
        assert_string_equal(auth_scope_name(TOKEN_PAYOUTS), "payouts");
        assert_string_equal(auth_scope_name(0), "");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_is_known_by_its_hash),
                cmocka_unit_test(a_header_is_needed),
                cmocka_unit_test(other_schemes_are_refused),
                cmocka_unit_test(malformed_tokens_are_refused),
                cmocka_unit_test(a_token_has_at_most_512_characters),
                cmocka_unit_test(an_actor_is_named_by_the_visible_start),
                cmocka_unit_test(an_actor_is_cut_not_overrun),
                cmocka_unit_test(scopes_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
