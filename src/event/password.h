/* Passwords: taken from a descriptor, kept as argon2id text. Hashing takes a tenth of a second and
 * 64 MiB on purpose, so it is done by libuv's threads, beside the loop. */
#pragma once

#include <uv.h>

#include "base/macro.h"

#define PASSWORD_MIN  8    /* bytes */
#define PASSWORD_MAX  1024 /* bytes */
#define PASSWORD_SIZE (PASSWORD_MAX + 2)

/* All that is in fd, without a line's end at its end; what is there must end there: a pipe's other
 * side is closed. Never waits. The number of bytes; -EAGAIN: more may come; -EFBIG: more than
 * PASSWORD_MAX; -EINVAL: fewer than PASSWORD_MIN, or a NUL among them; else of read(2). What is in
 * ret is the caller's to wipe, also on failure. */
int password_read(int fd, char ret[static PASSWORD_SIZE]);

typedef struct PasswordHash PasswordHash;

/* hash: "$argon2id$...", borrowed for the call. r: 0; -ENOMEM. */
typedef void (*PasswordHashed)(int r, const char *hash, void *userdata);

/* The password is copied, and wiped when it is hashed. The callback never runs inside. */
int password_hash(PasswordHash **ret, uv_loop_t *loop, const char *password, PasswordHashed hashed,
                  void *userdata);
/* The callback will not come; the memory is given back when the thread is done. Takes NULL, returns
 * NULL. */
PasswordHash *password_hash_cancel(PasswordHash *h);
DEFINE_FREEP(PasswordHash, password_hash_cancel);
