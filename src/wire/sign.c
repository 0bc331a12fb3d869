/* Keys, statements, signatures by libsodium; see sign.h. */
#include "wire/sign.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

#define STATEMENT_SIZE (SIGN_PREFIX_SIZE + SIGN_BODY_MAX)

struct SignKey {
        uint8_t secret[SIGN_SECRET_SIZE]; /* seed, then public key, as libsodium has it */
        PublicKey public;
};

static const uint8_t domains[_DOMAIN_MAX][SIGN_DOMAIN_SIZE] = {
        [DOMAIN_HELLO] = "dpin.v1 hello",     [DOMAIN_HUBKEY] = "dpin.v1 hubkey",
        [DOMAIN_JOIN] = "dpin.v1 join",       [DOMAIN_WELCOME] = "dpin.v1 welcome",
        [DOMAIN_ORDER] = "dpin.v1 order",     [DOMAIN_ORDERS] = "dpin.v1 orders",
        [DOMAIN_PROBE] = "dpin.v1 probe",     [DOMAIN_BATCH] = "dpin.v1 batch",
        [DOMAIN_GAP] = "dpin.v1 gap",         [DOMAIN_RECEIPT] = "dpin.v1 receipt",
        [DOMAIN_ACKNOWLEDGE] = "dpin.v1 ack", [DOMAIN_EPOCH] = "dpin.v1 epoch",
        [DOMAIN_SALT] = "dpin.v1 salt",
};

const uint8_t *sign_domain(Domain d) {
        return domains[d];
}

static int key_new(SignKey **ret) {
        if (sodium_init() < 0)
                return -EIO;
        *ret = sodium_malloc(sizeof(SignKey));
        return *ret ? 0 : -ENOMEM;
}

int sign_key_from_seed(const uint8_t seed[static SIGN_SEED_SIZE], SignKey **ret) {
        _cleanup_(sign_key_freep) SignKey *k = NULL;
        int r;

        r = key_new(&k);
        if (r < 0)
                return r;
        crypto_sign_seed_keypair(k->public.bytes, k->secret, seed);
        *ret = TAKE_PTR(k);
        return 0;
}

int sign_key_from_secret(const uint8_t secret[static SIGN_SECRET_SIZE], SignKey **ret) {
        _cleanup_(sign_key_freep) SignKey *k = NULL;
        int r;

        r = sign_key_from_seed(secret, &k);
        if (r < 0)
                return r;
        if (sodium_memcmp(k->secret, secret, SIGN_SECRET_SIZE) != 0)
                return -EKEYREJECTED;
        *ret = TAKE_PTR(k);
        return 0;
}

typedef struct TextCursor {
        const char *at, *end;
} TextCursor;

static void skip_space(TextCursor *c) {
        while (c->at < c->end && *c->at != '\0' && strchr(" \t\r\n", *c->at))
                c->at++;
}

static bool skip_char(TextCursor *c, char expected) {
        skip_space(c);
        if (c->at >= c->end || *c->at != expected)
                return false;
        c->at++;
        return true;
}

/* One integer 0..255 without sign or leading zeros. */
static bool read_number(TextCursor *c, uint8_t *ret) {
        unsigned value = 0;
        const char *start;

        skip_space(c);
        start = c->at;
        while (c->at < c->end && c->at - start < 4 && *c->at >= '0' && *c->at <= '9')
                value = value * 10 + (unsigned)(*c->at++ - '0');
        if (c->at == start || value > UINT8_MAX || (*start == '0' && c->at - start > 1))
                return false;
        *ret = (uint8_t)value;
        return true;
}

static bool read_array(TextCursor *c, uint8_t ret[static SIGN_SECRET_SIZE]) {
        for (size_t i = 0; i < SIGN_SECRET_SIZE; i++)
                if (!skip_char(c, i == 0 ? '[' : ',') || !read_number(c, &ret[i]))
                        return false;
        if (!skip_char(c, ']'))
                return false;
        skip_space(c);
        return c->at == c->end;
}

int sign_key_from_text(const char *text, size_t n, SignKey **ret) {
        TextCursor c = { .at = text, .end = text + n };
        uint8_t secret[SIGN_SECRET_SIZE];
        int r = -EINVAL;

        if (read_array(&c, secret))
                r = sign_key_from_secret(secret, ret);
        sodium_memzero(secret, sizeof(secret));
        return r;
}

char *sign_key_to_text(const SignKey *k, char ret[static SIGN_KEY_TEXT_SIZE]) {
        char *at = ret;

        for (size_t i = 0; i < SIGN_SECRET_SIZE; i++)
                at += snprintf(at, 5, "%c%u", i == 0 ? '[' : ',', k->secret[i]);
        memcpy(at, "]", 2);
        return ret;
}

SignKey *sign_key_free(SignKey *k) {
        sodium_free(k); /* wipes, takes NULL */
        return NULL;
}

const PublicKey *sign_key_public(const SignKey *k) {
        return &k->public;
}

void sign_prefix(Domain d, const SignScope *scope, uint8_t ret[static SIGN_PREFIX_SIZE]) {
        memcpy(ret, domains[d], SIGN_DOMAIN_SIZE);
        memcpy(ret + SIGN_DOMAIN_SIZE, scope->network.bytes, SIGN_PUBLIC_SIZE);
        memcpy(ret + SIGN_DOMAIN_SIZE + SIGN_PUBLIC_SIZE, scope->subject.bytes, SIGN_PUBLIC_SIZE);
}

/* The whole statement; its length or -EMSGSIZE. */
static int statement_write(const Statement *s, uint8_t ret[static STATEMENT_SIZE]) {
        if (s->n > SIGN_BODY_MAX)
                return -EMSGSIZE;
        sign_prefix(s->domain, s->scope, ret);
        if (s->n > 0)
                memcpy(ret + SIGN_PREFIX_SIZE, s->body, s->n);
        return (int)(SIGN_PREFIX_SIZE + s->n);
}

int sign_statement(const SignKey *k, const Statement *s, Signature *ret) {
        uint8_t bytes[STATEMENT_SIZE];
        int n;

        n = statement_write(s, bytes);
        if (n < 0)
                return n;
        if (crypto_sign_detached(ret->bytes, NULL, bytes, (size_t)n, k->secret) != 0)
                return -EIO;
        return 0;
}

int sign_verify(const PublicKey *by, const Statement *s, const Signature *signature) {
        uint8_t bytes[STATEMENT_SIZE];
        int n;

        if (sodium_init() < 0)
                return -EIO;
        n = statement_write(s, bytes);
        if (n < 0)
                return n;
        if (crypto_sign_verify_detached(signature->bytes, bytes, (size_t)n, by->bytes) != 0)
                return -EBADMSG;
        return 0;
}

int sign_hash(const Statement *s, Hash *ret) {
        uint8_t bytes[STATEMENT_SIZE];
        int n;

        n = statement_write(s, bytes);
        if (n < 0)
                return n;
        hash_bytes(bytes, (size_t)n, ret);
        return 0;
}

void hash_bytes(const void *bytes, size_t n, Hash *ret) {
        sha256(bytes, n, ret->bytes);
}

int hash_equal(const Hash *a, const Hash *b) {
        return sodium_memcmp(a->bytes, b->bytes, SIGN_HASH_SIZE) == 0;
}

int public_key_equal(const PublicKey *a, const PublicKey *b) {
        return sodium_memcmp(a->bytes, b->bytes, SIGN_PUBLIC_SIZE) == 0;
}
