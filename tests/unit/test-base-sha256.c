/* Against published vectors, and against another implementation for every length around the blocks.
 */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/macro.h"
#include "base/sha256.h"

#define MOST 300

static void assert_hex(const uint8_t hash[static SHA256_SIZE], const char *expected) {
        char text[HEX_SIZE(SHA256_SIZE)];

        assert_string_equal(hex_encode(hash, SHA256_SIZE, text), expected);
}

/* FIPS 180-4, examples of NIST. */
static void hashes_are_those_of_the_standard(void **state _unused_) {
        uint8_t hash[SHA256_SIZE];

        sha256("", 0, hash);
        assert_hex(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        sha256("abc", 3, hash);
        assert_hex(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, cases 2 and 6 (a key longer than a block). */
static void codes_are_those_of_the_standard(void **state _unused_) {
        static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
        uint8_t key[131], code[SHA256_SIZE];
        HmacSha256 h;

        hmac_sha256_begin(&h, "Jefe", 4);
        hmac_sha256_add(&h, "what do ya want ", 16);
        hmac_sha256_add(&h, "for nothing?", 12);
        hmac_sha256_end(&h, code);
        assert_hex(code, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        memset(key, 0xaa, sizeof(key));
        hmac_sha256_begin(&h, key, sizeof(key));
        hmac_sha256_add(&h, text, strlen(text));
        hmac_sha256_end(&h, code);
        assert_hex(code, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void every_length_in_any_pieces(void **state _unused_) {
        uint8_t bytes[MOST], hash[SHA256_SIZE], other[SHA256_SIZE];
        Sha256 s;

        randombytes_buf(bytes, sizeof(bytes));
        sha256_begin(&s);
        for (size_t n = 0; n <= MOST; n++) {
                size_t cut = n > 0 ? randombytes_uniform((uint32_t)n) : 0;

                crypto_hash_sha256(other, bytes, n);
                sha256_add(&s, bytes, cut);
                sha256_add(&s, NULL, 0);
                sha256_add(&s, bytes + cut, n - cut);
                sha256_end(&s, hash); /* and begins anew */
                assert_memory_equal(hash, other, sizeof(hash));
        }
}

static void a_copy_goes_its_own_way(void **state _unused_) {
        uint8_t key[crypto_auth_hmacsha256_KEYBYTES], code[SHA256_SIZE], other[SHA256_SIZE];
        HmacSha256 h, copy;

        crypto_auth_hmacsha256_keygen(key);
        hmac_sha256_begin(&h, key, sizeof(key));
        hmac_sha256_add(&h, "prefix ", 7);
        for (unsigned i = 0; i < 2; i++) {
                copy = h;
                hmac_sha256_add(&copy, i ? "b" : "a", 1);
                hmac_sha256_end(&copy, code);
                crypto_auth_hmacsha256(other, (const uint8_t *)(i ? "prefix b" : "prefix a"), 8,
                                       key);
                assert_memory_equal(code, other, sizeof(code));
        }
}

static void in_one_step(void **state _unused_) {
        uint8_t key[SHA256_SIZE], bytes[MOST], code[SHA256_SIZE], other[SHA256_SIZE];

        randombytes_buf(key, sizeof(key));
        randombytes_buf(bytes, sizeof(bytes));
        for (size_t n = 0; n <= MOST; n += 13) {
                hmac_sha256(key, bytes, n, code);
                crypto_auth_hmacsha256(other, bytes, n, key);
                assert_memory_equal(code, other, sizeof(code));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hashes_are_those_of_the_standard),
                cmocka_unit_test(codes_are_those_of_the_standard),
                cmocka_unit_test(every_length_in_any_pieces),
                cmocka_unit_test(a_copy_goes_its_own_way),
                cmocka_unit_test(in_one_step),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
