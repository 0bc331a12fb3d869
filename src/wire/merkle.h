/* Merkle trees in the shape of RFC 6962, section 2.1, over SHA-256: leaf = SHA-256(0x00 | data),
 * node = SHA-256(0x01 | left | right), the left subtree holding the largest power of two smaller
 * than n; the tree without leaves has root SHA-256(""). A path lists siblings from the leaf
 * upwards. Used over a batch's salted ticks and over a frame's orders. Pure. */
#pragma once

#include <stddef.h>

#include "wire/sign.h"

#define MERKLE_PATH_MAX 32 /* deep enough for 2^32 leaves */

/* Hashes two pieces, as if joined, into a leaf. b may be NULL when nb is 0. */
void merkle_leaf(const void *a, size_t na, const void *b, size_t nb, Hash *ret);
void merkle_root(const Hash *leaves, size_t n, Hash *ret);
/* The inclusion path of leaf `index` < n. The number of hashes in ret; -EINVAL: no such leaf. */
int merkle_path(const Hash *leaves, size_t n, size_t index, Hash ret[static MERKLE_PATH_MAX]);

typedef struct MerkleProof {
        size_t index, n;  /* of the leaf, and leaves in all */
        const Hash *path; /* borrowed */
        size_t path_n;
} MerkleProof;

/* The root that leaf and path lead to, for a root that a signature vouches for. 0; -EBADMSG: the
 * path has the wrong length for index and n. */
int merkle_climb(const Hash *leaf, const MerkleProof *proof, Hash *ret);
/* 0: the leaf is in the tree of this root. -EBADMSG: it is not shown to be (also a path too long or
 * too short). */
int merkle_verify(const Hash *leaf, const MerkleProof *proof, const Hash *root);
