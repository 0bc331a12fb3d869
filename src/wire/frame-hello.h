/* The handshake's frames. All their signatures are over (network key, subject), see sign.h;
 * integers in bodies big-endian.
 *
 *      hello    DOMAIN_HELLO, subject hub key, by the hub key:
 *               version u8 | nonce (32) | time i64 | maxFrame u32 | maxTicks u32
 *      certificate (absent when the hub key is the network key):
 *               DOMAIN_HUBKEY, subject hub key, by the network key: no body
 *      join     DOMAIN_JOIN, subject validator key, by it:
 *               hub nonce (32) | own nonce (32) | authority bytes
 *      welcome  DOMAIN_WELCOME, subject validator key, by the hub key:
 *               hub nonce (32) | validator nonce (32) | time i64
 *
 * The validator believes a hello when certificate and signature verify and the network key is the
 * one it pinned (at first contact it pins it). `authority` is the host:port the validator dialled,
 * lower case, the scheme's default port written out: a hub may compare it with its own names, so
 * that no relay can pass a join on. */
#pragma once

#include "base/json.h"
#include "wire/receipt.h"
#include "wire/sign.h"

#define FRAME_TYPE_SIZE        12
#define FRAME_NONCE_SIZE       32
#define FRAME_TEXT_SIZE        256 /* names, reasons, authority */
#define FRAME_TAGS_MAX         32
#define FRAME_INCARNATIONS_MAX 64
#define FRAME_PROTOCOL         1

typedef struct FrameHello {
        char type[FRAME_TYPE_SIZE];
        int64_t version; /* FRAME_PROTOCOL */
        PublicKey hub_key, network_key;
        Signature certificate; /* zeros: absent */
        uint8_t nonce[FRAME_NONCE_SIZE];
        uint64_t time; /* µs, hub time */
        int64_t max_frame, max_ticks;
        Signature signature;
} FrameHello;

/* One stream in the validator's spool (join), or its position at the hub (welcome). */
typedef struct FrameStream {
        uint64_t incarnation;
        JsonBytes receipt; /* newest one; empty: none yet */
} FrameStream;

typedef struct FrameJoin {
        char type[FRAME_TYPE_SIZE];
        PublicKey validator_key;
        uint8_t nonce[FRAME_NONCE_SIZE];
        uint8_t hub_nonce[FRAME_NONCE_SIZE]; /* the hello's, echoed */
        char authority[FRAME_TEXT_SIZE];
        char software[64];        /* "dpin 0.1.0", for people */
        JsonStrings tags;         /* "region=eu", at most FRAME_TAGS_MAX of 64 bytes */
        JsonStrings capabilities; /* check types it can run, "http" ..., and families of
                                   addresses it has, "ipv4", "ipv6" */
        JsonArray streams;        /* FrameStream */
        uint64_t revision;        /* of the orders it holds; 0 none */
        Signature signature;
} FrameJoin;

typedef struct FrameWindow {
        int64_t live, history; /* batches that may be unacked at once, per class */
} FrameWindow;

typedef struct FrameWelcome {
        char type[FRAME_TYPE_SIZE];
        bool approved;     /* false: pending, no orders yet */
        uint64_t time;     /* µs, hub time */
        JsonArray streams; /* FrameStream: the positions of the streams named in join; one without
                              receipt starts at 1 */
        FrameWindow window;
        Signature signature;
} FrameWelcome;

typedef struct FrameReject {
        char type[FRAME_TYPE_SIZE];
        char code[32]; /* code.h */
        char reason[FRAME_TEXT_SIZE];
        int64_t retry_after; /* seconds; 0: only after a person acted */
} FrameReject;

extern const JsonField frame_hello_fields[], frame_join_fields[], frame_welcome_fields[],
                frame_reject_fields[], frame_window_fields[];

/* Fills hello.hub_key and .signature. certify: the certificate for a later hub key. */
int frame_hello_sign(FrameHello *f, const SignKey *hub);
int frame_hello_certify(const SignKey *network, const PublicKey *hub, Signature *ret);
/* 0; -EBADMSG: signature or certificate is wrong. Whether the network is the right one is the
 * caller's question. */
int frame_hello_verify(const FrameHello *f);

/* Fills join.validator_key and .signature from f->hub_nonce, nonce and authority. */
int frame_join_sign(FrameJoin *f, const PublicKey *network, const SignKey *validator);
int frame_join_verify(const FrameJoin *f, const PublicKey *network);

/* The two nonces of one connection. */
typedef struct FrameNonces {
        uint8_t hub[FRAME_NONCE_SIZE], validator[FRAME_NONCE_SIZE];
} FrameNonces;
int frame_welcome_sign(FrameWelcome *f, const FrameNonces *n, const SignScope *scope,
                       const SignKey *hub);
int frame_welcome_verify(const FrameWelcome *f, const FrameNonces *n, const SignScope *scope,
                         const PublicKey *hub);
