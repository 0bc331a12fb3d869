/* The thread sees nothing but its own PasswordHash. */
#include "event/password.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

struct PasswordHash {
        uv_work_t work;
        char password[PASSWORD_SIZE];
        char hash[crypto_pwhash_STRBYTES];
        int r;
        PasswordHashed hashed; /* NULL: cancelled */
        void *userdata;
};

/* 1: something was read; 0: the end. */
static int read_some(int fd, char *to, size_t size, size_t *n) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ssize_t k;

        if (poll(&p, 1, 0) < 0)
                return errno == EINTR ? 1 : -errno;
        if (p.revents == 0)
                return -EAGAIN;
        k = read(fd, to + *n, size - *n);
        if (k < 0)
                return errno == EINTR ? 1 : -errno;
        *n += (size_t)k;
        return k > 0;
}

int password_read(int fd, char ret[static PASSWORD_SIZE]) {
        size_t n = 0;
        int r;

        do
                r = read_some(fd, ret, PASSWORD_SIZE, &n);
        while (r > 0 && n < PASSWORD_SIZE);
        if (r < 0)
                return r;
        if (n > 0 && n < PASSWORD_SIZE && ret[n - 1] == '\n')
                n--;
        if (n > PASSWORD_MAX)
                return -EFBIG;
        if (n < PASSWORD_MIN || memchr(ret, '\0', n))
                return -EINVAL;
        ret[n] = '\0';
        return (int)n;
}

static void on_work(uv_work_t *work) {
        PasswordHash *h = work->data;

        h->r = crypto_pwhash_str(h->hash, h->password, strlen(h->password),
                                 crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE) < 0
                               ? -ENOMEM
                               : 0;
        explicit_bzero(h->password, sizeof(h->password));
}

static void on_worked(uv_work_t *work, int status) {
        PasswordHash *h = work->data;

        if (h->hashed)
                h->hashed(status < 0 ? status : h->r, h->r < 0 ? NULL : h->hash, h->userdata);
        explicit_bzero(h, sizeof(*h));
        free(h);
}

int password_hash(PasswordHash **ret, uv_loop_t *loop, const char *password, PasswordHashed hashed,
                  void *userdata) {
        size_t n = strlen(password);
        PasswordHash *h;
        int r;

        if (n > PASSWORD_MAX)
                return -EFBIG;
        if (sodium_init() < 0)
                return -EIO;
        h = calloc(1, sizeof(*h));
        if (!h)
                return -ENOMEM;
        h->work.data = h;
        h->hashed = hashed;
        h->userdata = userdata;
        memcpy(h->password, password, n);
        r = uv_queue_work(loop, &h->work, on_work, on_worked);
        if (r < 0) {
                explicit_bzero(h, sizeof(*h));
                free(h);
                return r;
        }
        *ret = h;
        return 0;
}

PasswordHash *password_hash_cancel(PasswordHash *h) {
        if (!h)
                return NULL;
        h->hashed = NULL;
        (void)uv_cancel((uv_req_t *)&h->work); /* on_worked() comes all the same */
        return NULL;
}
