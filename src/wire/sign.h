/* ed25519 keys and the statements they sign. Every statement of dpin.v1 has one shape:
 *
 *      domain (16 bytes, NUL-padded) | network key (32) | subject key (32) | body
 *
 * The subject is the validator the statement is by or for; in hello, hubkey and ack it is the hub
 * key. The 80 bytes of prefix are signed and hashed but never sent: both ends know them. Nothing
 * signed for one purpose, network or validator fits another. Verification is strict: S >= L, public
 * keys and R that are not canonical or of small order are refused (libsodium does). sodium_init()
 * is called by every function here that needs it. Randomness is passed in. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

#define SIGN_SEED_SIZE      32
#define SIGN_SECRET_SIZE    64
#define SIGN_SIGNATURE_SIZE 64
#define SIGN_PUBLIC_SIZE    32
#define SIGN_HASH_SIZE      32
#define SIGN_DOMAIN_SIZE    16
#define SIGN_PREFIX_SIZE    (SIGN_DOMAIN_SIZE + 2 * SIGN_PUBLIC_SIZE)
#define SIGN_BODY_MAX       2048 /* the longest is a receipt or header with full extension */

typedef struct PublicKey {
        uint8_t bytes[SIGN_PUBLIC_SIZE];
} PublicKey;

typedef struct Signature {
        uint8_t bytes[SIGN_SIGNATURE_SIZE];
} Signature;

/* SHA-256. */
typedef struct Hash {
        uint8_t bytes[SIGN_HASH_SIZE];
} Hash;

typedef enum Domain {
        DOMAIN_HELLO,   /* "dpin.v1 hello"   hub: I hold this key, now, with this challenge */
        DOMAIN_HUBKEY,  /* "dpin.v1 hubkey"  network key: this hub key may speak for me; no body */
        DOMAIN_JOIN,    /* "dpin.v1 join"    validator: I answer this challenge */
        DOMAIN_WELCOME, /* "dpin.v1 welcome" hub: I answer yours */
        DOMAIN_ORDER,  /* "dpin.v1 order"   hashed into an order's id and leaf, not signed by itself
                        */
        DOMAIN_ORDERS, /* "dpin.v1 orders"  hub: the root over a frame's orders */
        DOMAIN_PROBE,  /* "dpin.v1 probe" */
        DOMAIN_BATCH,  /* "dpin.v1 batch" */
        DOMAIN_GAP,    /* "dpin.v1 gap" */
        DOMAIN_RECEIPT,     /* "dpin.v1 receipt" */
        DOMAIN_ACKNOWLEDGE, /* "dpin.v1 ack"   network key: who has this may acknowledge */
        DOMAIN_EPOCH,       /* "dpin.v1 epoch"   prefix of an HMAC, no statement */
        DOMAIN_SALT,        /* "dpin.v1 salt"    prefix of an HMAC, no statement */
        _DOMAIN_MAX,
} Domain;

typedef struct SignScope {
        PublicKey network, subject;
} SignScope;

typedef struct Statement {
        Domain domain;
        const SignScope *scope; /* borrowed */
        const void *body;       /* borrowed; NULL when n is 0 */
        size_t n;               /* at most SIGN_BODY_MAX */
} Statement;

/* The secret half; wiped when freed, never printed. */
typedef struct SignKey SignKey;

/* 16 bytes, NUL-padded; constant for ever. */
const uint8_t *sign_domain(Domain d);
/* The 80 bytes before the body, where a statement is hashed in another way than sign_hash(). */
void sign_prefix(Domain d, const SignScope *scope, uint8_t ret[static SIGN_PREFIX_SIZE]);

/* The key whose ed25519 seed this is. A new key is one from 32 random bytes. */
int sign_key_from_seed(const uint8_t seed[static SIGN_SEED_SIZE], SignKey **ret);
/* The 64 bytes seed | public key. -EKEYREJECTED: the public half does not belong to the seed. */
int sign_key_from_secret(const uint8_t secret[static SIGN_SECRET_SIZE], SignKey **ret);
/* Reads PRIVATE_KEY: a JSON array of exactly 64 integers 0..255, white space allowed around
 * everything (a Solana keypair file). -EINVAL: not that; -EKEYREJECTED as above. */
int sign_key_from_text(const char *text, size_t n, SignKey **ret);
/* Enough for the text form, final NUL included. */
#define SIGN_KEY_TEXT_SIZE (SIGN_SECRET_SIZE * 4 + 2)
/* The text form, without white space. Returns ret; the caller wipes it. */
char *sign_key_to_text(const SignKey *k, char ret[static SIGN_KEY_TEXT_SIZE]);
SignKey *sign_key_free(SignKey *k);
DEFINE_FREEP(SignKey, sign_key_free);
/* Borrowed from the key. */
const PublicKey *sign_key_public(const SignKey *k);

/* 0; -EMSGSIZE: body over SIGN_BODY_MAX. */
int sign_statement(const SignKey *k, const Statement *s, Signature *ret);
/* 0; -EBADMSG: not signed by this key; -EMSGSIZE as above. */
int sign_verify(const PublicKey *by, const Statement *s, const Signature *signature);
/* SHA-256 of the whole statement, prefix included. */
int sign_hash(const Statement *s, Hash *ret);

/* SHA-256 of bytes. */
void hash_bytes(const void *bytes, size_t n, Hash *ret);
/* 1 equal, 0 not; constant time. */
int hash_equal(const Hash *a, const Hash *b);
int public_key_equal(const PublicKey *a, const PublicKey *b);
