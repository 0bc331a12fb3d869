/* Roots and paths in the shape of RFC 6962. */
#include <errno.h>

#include "wire-fixture.h"

#define N_MAX 40

static void make_leaves(Hash *ret, size_t n) {
        for (size_t i = 0; i < n; i++) {
                uint8_t byte = (uint8_t)i;

                merkle_leaf(&byte, 1, NULL, 0, &ret[i]);
        }
}

/* MTH() as the RFC defines it. */
static Hash root_by_definition(const Hash *leaves, size_t n) {
        uint8_t bytes[65] = { 1 };
        Hash half, root;
        size_t k = 1;

        if (n == 1)
                return leaves[0];
        while (k * 2 < n)
                k *= 2;
        half = root_by_definition(leaves, k);
        memcpy(bytes + 1, half.bytes, 32);
        half = root_by_definition(leaves + k, n - k);
        memcpy(bytes + 33, half.bytes, 32);
        hash_bytes(bytes, sizeof(bytes), &root);
        return root;
}

static void roots_follow_the_definition(_unused_ void **state) {
        Hash leaves[N_MAX], root, expected;

        make_leaves(leaves, N_MAX);
        for (size_t n = 1; n <= N_MAX; n++) {
                merkle_root(leaves, n, &root);
                expected = root_by_definition(leaves, n);
                assert_true(hash_equal(&root, &expected));
        }
        merkle_root(NULL, 0, &root);
        hash_bytes("", 0, &expected);
        assert_true(hash_equal(&root, &expected));
}

static void a_leaf_is_prefixed_and_joined(_unused_ void **state) {
        Hash joined, expected;

        merkle_leaf("ab", 2, "c", 1, &joined);
        hash_bytes("\0abc", 4, &expected);
        assert_true(hash_equal(&joined, &expected));
}

static void every_path_leads_to_the_root(_unused_ void **state) {
        Hash leaves[N_MAX], path[MERKLE_PATH_MAX], root;

        make_leaves(leaves, N_MAX);
        for (size_t n = 1; n <= N_MAX; n++) {
                merkle_root(leaves, n, &root);
                for (size_t i = 0; i < n; i++) {
                        int depth = merkle_path(leaves, n, i, path);
                        MerkleProof proof = { i, n, path, (size_t)depth };

                        assert_true(depth >= 0);
                        assert_int_equal(merkle_verify(&leaves[i], &proof, &root), 0);
                        assert_int_equal(merkle_verify(&leaves[(i + 1) % N_MAX], &proof, &root),
                                         -EBADMSG);
                }
        }
        assert_int_equal(merkle_path(leaves, 3, 3, path), -EINVAL);
}

static void paths_of_wrong_length_or_place_are_refused(_unused_ void **state) {
        Hash leaves[N_MAX], path[MERKLE_PATH_MAX], root;
        MerkleProof proof = { .index = 5, .n = 11, .path = path };

        make_leaves(leaves, N_MAX);
        merkle_root(leaves, 11, &root);
        proof.path_n = (size_t)merkle_path(leaves, 11, 5, path);
        assert_int_equal(merkle_verify(&leaves[5], &proof, &root), 0);
        proof.path_n--;
        assert_int_equal(merkle_verify(&leaves[5], &proof, &root), -EBADMSG);
        proof.path_n += 2;
        assert_int_equal(merkle_verify(&leaves[5], &proof, &root), -EBADMSG);
        proof = (MerkleProof){ 4, 11, path, proof.path_n - 1 };
        assert_int_equal(merkle_verify(&leaves[5], &proof, &root), -EBADMSG);
        proof = (MerkleProof){ 0, 0, NULL, 0 };
        assert_int_equal(merkle_verify(&leaves[5], &proof, &root), -EBADMSG);
        proof = (MerkleProof){ 5, 11, path, MERKLE_PATH_MAX + 1 };
        assert_int_equal(merkle_verify(&leaves[5], &proof, &root), -EBADMSG);
}

/* Without a known root the length is all that can be judged. */
static void climbing_needs_the_exact_length(_unused_ void **state) {
        Hash leaf = {}, path[MERKLE_PATH_MAX] = {}, root;

        for (size_t n = 0; n < 8; n++) {
                MerkleProof proof = { 5, 11, path, n };

                assert_int_equal(merkle_climb(&leaf, &proof, &root), n == 4 ? 0 : -EBADMSG);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(roots_follow_the_definition),
                cmocka_unit_test(a_leaf_is_prefixed_and_joined),
                cmocka_unit_test(every_path_leads_to_the_root),
                cmocka_unit_test(paths_of_wrong_length_or_place_are_refused),
                cmocka_unit_test(climbing_needs_the_exact_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
