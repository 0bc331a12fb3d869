/* dpinctl key: offline, so that a key can be made where it is safe. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/encode.h"
#include "ctl/file.h"
#include "ctl/print.h"
#include "wire/sign.h"

#define KEY_FILE_MAX 4096

static void format_public(const SignKey *key, char ret[static BASE64URL_SIZE(SIGN_PUBLIC_SIZE)]) {
        base64url_encode(sign_key_public(key)->bytes, SIGN_PUBLIC_SIZE, ret);
}

static int make_key(SignKey **ret) {
        uint8_t seed[SIGN_SEED_SIZE];
        int r;

        if (getentropy(seed, sizeof(seed)) < 0)
                return -errno;
        r = sign_key_from_seed(seed, ret);
        explicit_bzero(seed, sizeof(seed));
        return r;
}

static CtlExit refuse_file(const char *path, int r) {
        if (r == -EEXIST)
                fprintf(stderr,
                        "dpinctl: %s exists already, and a key that is lost cannot be had "
                        "again: choose another name\n",
                        path);
        else
                fprintf(stderr, "dpinctl: %s cannot be written: %s\n", path, strerror(-r));
        return CTL_FAILED;
}

/* The secret goes to the file or the standard output, the public key to whichever is free. */
CtlExit verb_key_generate(const Args *args, const char *const *words) {
        char text[SIGN_KEY_TEXT_SIZE + 1], public[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];
        _cleanup_(sign_key_freep) SignKey *key = NULL;
        int r;

        r = make_key(&key);
        if (r < 0) {
                fprintf(stderr, "dpinctl: no key can be made: %s\n", strerror(-r));
                return CTL_FAILED;
        }
        format_public(key, public);
        sign_key_to_text(key, text);
        if (words[0]) {
                size_t n = strlen(text);

                text[n] = '\n';
                r = file_make(words[0], text, n + 1);
        } else {
                puts(text);
                fprintf(stderr, "public key: %s\n", public);
        }
        explicit_bzero(text, sizeof(text));
        if (r < 0)
                return refuse_file(words[0], r);
        return words[0] ? print_value(args, "key", public) : CTL_OK;
}

static int read_key(const char *path, SignKey **ret) {
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r;

        r = file_read(path, KEY_FILE_MAX, &text, &n);
        if (r < 0)
                return r;
        r = sign_key_from_text(text, n, ret);
        explicit_bzero(text, n);
        return r;
}

CtlExit verb_key_show(const Args *args, const char *const *words) {
        _cleanup_(sign_key_freep) SignKey *key = NULL;
        char public[BASE64URL_SIZE(SIGN_PUBLIC_SIZE)];
        const char *name = words[0] ? words[0] : "-";
        int r;

        r = read_key(words[0], &key);
        if (r == -EINVAL)
                fprintf(stderr, "dpinctl: %s is no key: it is a JSON array of 64 numbers\n", name);
        else if (r == -EKEYREJECTED)
                fprintf(stderr, "dpinctl: %s is damaged: its halves do not fit\n", name);
        else if (r < 0)
                fprintf(stderr, "dpinctl: %s cannot be read: %s\n", name, strerror(-r));
        if (r < 0)
                return CTL_FAILED;
        format_public(key, public);
        return print_value(args, "key", public);
}
