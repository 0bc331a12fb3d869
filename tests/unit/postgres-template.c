/* NAME.lock is held from open to close, NAME.made is written last: a program that dies leaves
 * nothing that another would take for whole. */
#include "postgres-template.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct PostgresTemplate {
        char archive[512];
        char made[520];
        int lock;
        bool current;
};

static int find_place(PostgresTemplate *t, const char *name) {
        char program[400];
        ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

        if (n < 0)
                return -errno;
        program[n] = '\0';
        *strrchr(program, '/') = '\0';
        (void)snprintf(t->archive, sizeof(t->archive), "%s/database-%.64s.tar", program, name);
        (void)snprintf(t->made, sizeof(t->made), "%s.made", t->archive);
        return 0;
}

static int lock(PostgresTemplate *t) {
        char path[520];

        (void)snprintf(path, sizeof(path), "%s.lock", t->archive);
        t->lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
        return t->lock < 0 || flock(t->lock, LOCK_EX) < 0 ? -errno : 0;
}

static bool is_older(const char *path, struct timespec than) {
        struct stat s;

        if (stat(path, &s) < 0)
                return false;
        return s.st_mtim.tv_sec < than.tv_sec ||
               (s.st_mtim.tv_sec == than.tv_sec && s.st_mtim.tv_nsec < than.tv_nsec);
}

static bool are_older(const char *pattern, struct timespec than) {
        bool older = true;
        glob_t found;

        if (glob(pattern, GLOB_BRACE, NULL, &found) != 0)
                return false;
        for (size_t i = 0; i < found.gl_pathc && older; i++)
                older = is_older(found.gl_pathv[i], than);
        globfree(&found);
        return older;
}

/* Partitions are of days, in UTC. */
static bool is_of_today(struct timespec made) {
        return made.tv_sec / 86400 == time(NULL) / 86400;
}

static bool is_current(const PostgresTemplate *t, const char *bin, const char *made_of) {
        struct stat made;

        return stat(t->made, &made) == 0 && is_of_today(made.st_mtim) &&
               is_older(bin, made.st_mtim) && (!made_of || are_older(made_of, made.st_mtim));
}

static int run(char *argv[]) {
        int status;
        pid_t pid;

        pid = fork();
        if (pid == 0) {
                execvp(argv[0], argv);
                _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int pack(const char *from, const char *archive) {
        char *argv[] = { "tar", "-C", (char *)from, "-cf", (char *)archive, ".", NULL };

        return run(argv);
}

static int unpack(const char *archive, const char *to) {
        char *argv[] = { "tar", "-C", (char *)to, "-xpf", (char *)archive, NULL };

        return mkdir(to, 0700) < 0 ? -errno : run(argv);
}

int postgres_template_open(PostgresTemplate **ret, const char *name, const char *bin,
                           const char *made_of) {
        _cleanup_(postgres_template_closep) PostgresTemplate *t = NULL;
        int r;

        t = calloc(1, sizeof(PostgresTemplate));
        if (!t)
                return -ENOMEM;
        t->lock = -1;
        r = find_place(t, name);
        if (r < 0)
                return r;
        r = lock(t);
        if (r < 0)
                return r;
        t->current = is_current(t, bin, made_of);
        *ret = TAKE_PTR(t);
        return 0;
}

PostgresTemplate *postgres_template_close(PostgresTemplate *t) {
        if (t && t->lock >= 0)
                close(t->lock);
        free(t);
        return NULL;
}

int postgres_template_copy(const PostgresTemplate *t, const char *to) {
        return t->current ? unpack(t->archive, to) : -ENOENT;
}

int postgres_template_keep(const PostgresTemplate *t, const char *from) {
        int r, fd;

        if (unlink(t->made) < 0 && errno != ENOENT)
                return -errno;
        r = pack(from, t->archive);
        if (r < 0)
                return r;
        fd = open(t->made, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        close(fd);
        return 0;
}
