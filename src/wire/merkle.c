/* RFC 6962 trees; see merkle.h. */
#include "wire/merkle.h"

#include <errno.h>
#include <stdbool.h>

#include "base/sha256.h"

static void merkle_node(const Hash *left, const Hash *right, Hash *ret) {
        static const uint8_t prefix = 0x01;
        Sha256 state;

        sha256_begin(&state);
        sha256_add(&state, &prefix, 1);
        sha256_add(&state, left->bytes, SIGN_HASH_SIZE);
        sha256_add(&state, right->bytes, SIGN_HASH_SIZE);
        sha256_end(&state, ret->bytes);
}

void merkle_leaf(const void *a, size_t na, const void *b, size_t nb, Hash *ret) {
        static const uint8_t prefix = 0x00;
        Sha256 state;

        sha256_begin(&state);
        sha256_add(&state, &prefix, 1);
        sha256_add(&state, a, na);
        sha256_add(&state, b, nb);
        sha256_end(&state, ret->bytes);
}

/* A binary counter of complete subtrees, largest first; what is left at the end is folded from the
 * right. */
void merkle_root(const Hash *leaves, size_t n, Hash *ret) {
        Hash stack[8 * sizeof(size_t)];
        size_t depth = 0;

        for (size_t i = 0; i < n; i++) {
                stack[depth++] = leaves[i];
                for (size_t bits = i; bits & 1; bits >>= 1, depth--)
                        merkle_node(&stack[depth - 2], &stack[depth - 1], &stack[depth - 2]);
        }
        for (; depth > 1; depth--)
                merkle_node(&stack[depth - 2], &stack[depth - 1], &stack[depth - 2]);
        if (depth == 1)
                *ret = stack[0];
        else
                hash_bytes("", 0, ret);
}

/* Largest power of two below n; n > 1. */
static size_t merkle_split(size_t n) {
        size_t k = 1;

        while (k < n - k)
                k *= 2;
        return k;
}

int merkle_path(const Hash *leaves, size_t n, size_t index, Hash ret[static MERKLE_PATH_MAX]) {
        Hash down[MERKLE_PATH_MAX];
        int depth = 0;

        if (index >= n || n > UINT32_MAX)
                return -EINVAL;
        while (n > 1) {
                size_t k = merkle_split(n);
                bool right = index >= k;

                merkle_root(right ? leaves : leaves + k, right ? k : n - k, &down[depth++]);
                leaves += right ? k : 0;
                index -= right ? k : 0;
                n = right ? n - k : k;
        }
        for (int i = 0; i < depth; i++)
                ret[i] = down[depth - 1 - i];
        return depth;
}

/* RFC 9162, section 2.1.3.2. */
int merkle_climb(const Hash *leaf, const MerkleProof *proof, Hash *ret) {
        size_t at = proof->index, last = proof->n - 1;
        Hash hash = *leaf;

        if (proof->index >= proof->n || proof->path_n > MERKLE_PATH_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < proof->path_n; i++) {
                if (last == 0)
                        return -EBADMSG;
                if (!(at & 1) && at != last) {
                        merkle_node(&hash, &proof->path[i], &hash);
                } else {
                        merkle_node(&proof->path[i], &hash, &hash);
                        for (; at && !(at & 1); at >>= 1)
                                last >>= 1;
                }
                at >>= 1;
                last >>= 1;
        }
        if (last != 0)
                return -EBADMSG;
        *ret = hash;
        return 0;
}

int merkle_verify(const Hash *leaf, const MerkleProof *proof, const Hash *root) {
        Hash climbed;

        if (merkle_climb(leaf, proof, &climbed) < 0)
                return -EBADMSG;
        return hash_equal(&climbed, root) ? 0 : -EBADMSG;
}
