/* Stands in for libFuzzer where it is not linked: feeds the files of a corpus folder to the fuzz
 * target, each as it is, cut short at every length, and with single bits flipped. No folder yet
 * means the empty input alone. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
        INPUT_MAX = 1 << 20,
        MUTATIONS_MAX = 4096, /* of each kind and file: a long file is sampled evenly */
};

/* The target gets an exact copy on the heap, so that a sanitizer sees a read past its end. */
static void feed(const uint8_t *data, size_t size) {
        uint8_t *copy = malloc(size > 0 ? size : 1);

        if (!copy)
                abort();
        if (size > 0)
                memcpy(copy, data, size);
        LLVMFuzzerTestOneInput(copy, size);
        free(copy);
}

static void feed_mutations(uint8_t *data, size_t size) {
        size_t step = size / MUTATIONS_MAX + 1, bit_step = 8 * size / MUTATIONS_MAX + 1;

        for (size_t cut = 0; cut < size; cut += step)
                feed(data, cut);
        for (size_t bit = 0; bit < 8 * size; bit += bit_step) {
                data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
                feed(data, size);
                data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
}

static int replay_file(const char *folder, const char *name) {
        char path[4096];
        uint8_t *data;
        size_t size;
        FILE *f;

        if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
                return -ENAMETOOLONG;
        f = fopen(path, "re");
        if (!f)
                return -errno;
        data = malloc(INPUT_MAX);
        if (!data) {
                fclose(f);
                return -ENOMEM;
        }
        size = fread(data, 1, INPUT_MAX, f);
        fclose(f);
        feed(data, size);
        feed_mutations(data, size);
        free(data);
        return 0;
}

static int replay_folder(const char *folder) {
        DIR *dir = opendir(folder);
        struct dirent *entry;
        int n = 0, r = 0;

        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        while (r >= 0 && (entry = readdir(dir))) {
                if (entry->d_name[0] == '.')
                        continue;
                r = replay_file(folder, entry->d_name);
                n++;
        }
        closedir(dir);
        return r < 0 ? r : n;
}

int main(int argc, char **argv) {
        int r;

        feed(NULL, 0);
        for (int i = 1; i < argc; i++) {
                r = replay_folder(argv[i]);
                if (r < 0) {
                        fprintf(stderr, "%s: %s\n", argv[i], strerror(-r));
                        return EXIT_FAILURE;
                }
                printf("%s: %d inputs\n", argv[i], r);
        }
        return EXIT_SUCCESS;
}
