/* Reading and making key files. The order of sources is the same for every program. */
#include "event/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/encode.h"

static const char *const source_names[] = {
        [KEY_CREDENTIAL] = "credential",
        [KEY_ENVIRONMENT] = "PRIVATE_KEY",
        [KEY_FILE] = "file",
        [KEY_CREATED] = "new file",
};

const char *key_source_name(KeySource s) {
        return source_names[s];
}

static int from_environment(SignKey **ret) {
        const char *text = getenv("PRIVATE_KEY");
        int r;

        if (!text || !*text)
                return 0;

        r = sign_key_from_text(text, strlen(text), ret);
        return r < 0 ? r : 1;
}

/* Also where a credential came first: no child inherits it, and /proc/PID/environ has it no more.
 */
static void forget_environment(void) {
        char *text = getenv("PRIVATE_KEY");

        if (text)
                sodium_memzero(text, strlen(text));
        unsetenv("PRIVATE_KEY");
}

static int from_secret(const char *credential, const char *path, SignKey **ret) {
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r;

        r = conf_read_secret(credential, path, &text, &n);
        if (r <= 0)
                return r;

        r = sign_key_from_text(text, n, ret);
        sodium_memzero(text, n);
        return r < 0 ? r : 1;
}

static int sync_directory(const char *path) {
        _cleanup_free_ char *copy = strdup(path);
        int fd, r;

        if (!copy)
                return -ENOMEM;
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = fsync(fd) < 0 ? -errno : 0;
        close(fd);
        return r;
}

static int write_all(int fd, const char *text) {
        size_t n = strlen(text);
        ssize_t written = write(fd, text, n);

        if (written < 0)
                return -errno;
        if ((size_t)written != n)
                return -ENOSPC;
        return fsync(fd) < 0 ? -errno : 0;
}

/* Written beside and linked into place: a crash leaves no half key, and an existing key is never
 * replaced. */
static int write_key(const char *path, const char *text) {
        _cleanup_free_ char *beside = NULL;
        int fd, r;

        if (asprintf(&beside, "%s.XXXXXX", path) < 0)
                return -ENOMEM;
        fd = mkostemp(beside, O_CLOEXEC);
        if (fd < 0)
                return -errno;

        r = write_all(fd, text);
        close(fd);
        if (r >= 0 && link(beside, path) < 0)
                r = -errno;
        unlink(beside);
        return r < 0 ? r : sync_directory(path);
}

static int create(const char *path, SignKey **ret) {
        _cleanup_(sign_key_freep) SignKey *k = NULL;
        uint8_t seed[SIGN_SEED_SIZE];
        char text[SIGN_KEY_TEXT_SIZE];
        int r;

        randombytes_buf(seed, sizeof(seed));
        r = sign_key_from_seed(seed, &k);
        sodium_memzero(seed, sizeof(seed));
        if (r < 0)
                return r;

        r = write_key(path, sign_key_to_text(k, text));
        sodium_memzero(text, sizeof(text));
        if (r < 0)
                return r;

        *ret = TAKE_PTR(k);
        return 0;
}

static int load(const char *credential, const char *path, SignKey **ret, KeySource *source) {
        int r;

        *source = KEY_CREDENTIAL;
        r = from_secret(credential, NULL, ret);
        if (r != 0)
                return r;

        *source = KEY_ENVIRONMENT;
        r = from_environment(ret);
        if (r != 0)
                return r;

        *source = KEY_FILE;
        r = from_secret(NULL, path, ret);
        if (r != 0)
                return r;

        *source = KEY_CREATED;
        return create(path, ret);
}

int keyfile_load(const char *credential, const char *path, SignKey **ret, KeySource *source) {
        KeySource from;
        int r;

        if (sodium_init() < 0)
                return -EIO;

        r = load(credential, path, ret, source ? source : &from);
        forget_environment();
        return MIN(r, 0);
}

/* Seeds ---------------------------------------------------------------------------------------- */

static int seed_from_secret(const char *credential, const char *path, uint8_t *ret) {
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r;

        r = conf_read_secret(credential, path, &text, &n);
        if (r <= 0)
                return r;
        text[strcspn(text, "\r\n")] = '\0';
        r = base64url_decode(text, ret, KEYFILE_SEED_SIZE);
        sodium_memzero(text, n);
        return r == KEYFILE_SEED_SIZE ? 1 : -EINVAL;
}

static int seed_create(const char *path, uint8_t *ret) {
        char text[BASE64URL_SIZE(KEYFILE_SEED_SIZE)];
        int r;

        randombytes_buf(ret, KEYFILE_SEED_SIZE);
        r = write_key(path, base64url_encode(ret, KEYFILE_SEED_SIZE, text));
        sodium_memzero(text, sizeof(text));
        return r;
}

int keyfile_load_seed(const char *credential, const char *path,
                      uint8_t ret[static KEYFILE_SEED_SIZE], KeySource *source) {
        KeySource from;
        int r;

        if (sodium_init() < 0)
                return -EIO;
        source = source ? source : &from;
        *source = KEY_CREDENTIAL;
        r = seed_from_secret(credential, NULL, ret);
        if (r == 0) {
                *source = KEY_FILE;
                r = seed_from_secret(NULL, path, ret);
        }
        if (r == 0) {
                *source = KEY_CREATED;
                r = seed_create(path, ret);
        }
        return MIN(r, 0);
}

const char *keyfile_error(int r) {
        switch (r) {
        case -EINVAL:
                return "it is not an array of 64 numbers, as dpinctl key generate prints one";
        case -EKEYREJECTED:
                return "it is damaged: its halves do not belong together";
        default:
                return conf_secret_error(r);
        }
}
