/* Trees of any shape: each leaf's path leads to the root, from its own place and size only, and any
 * numbers may stand in a proof. Input: number of leaves, then index, size and length of a foreign
 * proof (8 bytes each), then what the leaves are made of. */
#include "property.h"
#include "wire/merkle.h"

enum {
        LEAVES_MAX = 33
};

static void check_leaf(const Hash *leaves, size_t n, size_t index, const Hash *root) {
        Hash path[MERKLE_PATH_MAX], climbed;
        MerkleProof proof = { .index = index, .n = n, .path = path };
        int path_n = merkle_path(leaves, n, index, path);

        PROPERTY(path_n >= 0);
        proof.path_n = (size_t)path_n;
        PROPERTY(merkle_verify(&leaves[index], &proof, root) == 0);
        proof.index = index ^ 1; /* the neighbour's place */
        PROPERTY(n == 1 || merkle_verify(&leaves[index], &proof, root) < 0);
        proof.index = index;
        proof.path_n = (size_t)path_n - 1;
        PROPERTY(path_n == 0 || merkle_climb(&leaves[index], &proof, &climbed) < 0);
}

static void check_tree(const uint8_t *data, size_t size, size_t n) {
        Hash leaves[LEAVES_MAX] = { 0 }, root, path[MERKLE_PATH_MAX];

        for (size_t i = 0; i < n; i++) {
                uint8_t number = (uint8_t)i;

                merkle_leaf(&number, 1, data, size, &leaves[i]);
        }
        merkle_root(leaves, n, &root);
        for (size_t i = 0; i < n; i++)
                check_leaf(leaves, n, i, &root);
        PROPERTY(merkle_path(leaves, n, n, path) < 0);
}

static void check_foreign(const uint8_t *numbers) {
        Hash path[MERKLE_PATH_MAX] = { 0 }, leaf = { 0 }, root = { 0 };
        MerkleProof proof = { .path = path };
        uint64_t path_n;

        memcpy(&proof.index, numbers, sizeof(proof.index));
        memcpy(&proof.n, numbers + 8, sizeof(proof.n));
        memcpy(&path_n, numbers + 16, sizeof(path_n));
        proof.path_n = path_n % (MERKLE_PATH_MAX + 1);
        PROPERTY(merkle_climb(&leaf, &proof, &root) < 0 || proof.index < proof.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size < 25)
                return 0;
        check_foreign(data + 1);
        check_tree(data + 25, MIN(size - 25, (size_t)64), data[0] % (LEAVES_MAX + 1));
        return 0;
}
