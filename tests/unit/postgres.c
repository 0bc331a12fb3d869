/* Readiness is what the server itself says to NOTIFY_SOCKET, so nothing sleeps. The server hears of
 * a test's sudden death by PR_SET_PDEATHSIG. */
#include "postgres.h"

#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "postgres-template.h"

enum {
        START_MS = 60 * 1000
};

struct Postgres {
        char directory[64];
        char data[72], notify[72];
        char dsn[128];
        char bin[128]; /* the directory of the newest server's programs */
        uid_t uid;
        gid_t gid;
        pid_t pid;
};

static int find_programs(Postgres *p) {
        static const char *const patterns[] = { "/usr/lib/postgresql/*/bin/initdb",
                                                "/usr/pgsql-*/bin/initdb", "/usr/bin/initdb" };
        int r = -ENOENT;
        glob_t found;

        for (size_t i = 0; i < ELEMENTSOF(patterns) && r < 0; i++) {
                if (glob(patterns[i], 0, NULL, &found) != 0)
                        continue;
                (void)snprintf(p->bin, sizeof(p->bin), "%s", found.gl_pathv[found.gl_pathc - 1]);
                *strrchr(p->bin, '/') = '\0';
                globfree(&found);
                r = 0;
        }
        return r;
}

static int find_user(Postgres *p) {
        const struct passwd *pw;

        p->uid = geteuid();
        p->gid = getegid();
        if (p->uid != 0)
                return 0;
        pw = getpwnam("postgres");
        if (!pw)
                return -ENOENT;
        p->uid = pw->pw_uid;
        p->gid = pw->pw_gid;
        return 0;
}

static int make_directory(Postgres *p) {
        const char *memory = getenv("DPIN_MEMORY");
        const char *where = memory ? memory : "/tmp";

        if (strlen(where) > 40) /* a socket's path is short */
                return -ENAMETOOLONG;
        (void)snprintf(p->directory, sizeof(p->directory), "%s/dpin-pg-XXXXXX", where);
        if (!mkdtemp(p->directory))
                return -errno;
        if (chown(p->directory, p->uid, p->gid) < 0 || chmod(p->directory, 0755) < 0)
                return -errno;
        (void)snprintf(p->data, sizeof(p->data), "%s/data", p->directory);
        (void)snprintf(p->notify, sizeof(p->notify), "%s/notify", p->directory);
        (void)snprintf(p->dsn, sizeof(p->dsn), "host=%s user=postgres dbname=postgres",
                       p->directory);
        return 0;
}

/* In the child: never returns. argv[0] becomes the whole path: by it the programs find each other.
 */
static void become(const Postgres *p, const char *program, char *argv[], bool server) {
        char path[192];

        (void)snprintf(path, sizeof(path), "%s/%s", p->bin, program);
        argv[0] = path;
        if (server && geteuid() == 0 && (setgid(p->gid) < 0 || setuid(p->uid) < 0))
                _exit(126);
        (void)prctl(PR_SET_PDEATHSIG, SIGQUIT); /* after setuid(), which clears it */
        (void)setpgid(0, 0);                    /* Ctrl-C is for the test */
        if (chdir("/") == 0)
                execv(path, argv);
        _exit(127);
}

static pid_t spawn(const Postgres *p, const char *program, char *argv[], bool server) {
        char log[72];
        pid_t pid;

        pid = fork();
        if (pid != 0)
                return pid;
        (void)snprintf(log, sizeof(log), "%s/log", p->directory);
        if (server && (!freopen(log, "a", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0))
                _exit(125);
        become(p, program, argv, server);
        return -1;
}

static int await_exit(pid_t pid) {
        int status;

        if (pid < 0)
                return -errno;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int initialise(const Postgres *p) {
        char *argv[] = { "initdb",
                         "--pgdata",
                         (char *)p->data,
                         "--username=postgres",
                         "--auth=trust",
                         "--no-sync",
                         "--no-locale",
                         "--encoding=UTF8",
                         NULL };

        return await_exit(spawn(p, "initdb", argv, true));
}

static int open_notify(const Postgres *p) {
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd;

        (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", p->notify);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || chmod(p->notify, 0666) < 0) {
                close(fd);
                return -EIO;
        }
        return fd;
}

static int await_ready(int notify, int process) {
        char text[512];
        ssize_t n;

        for (;;) {
                struct pollfd fds[] = { { .fd = notify, .events = POLLIN },
                                        { .fd = process, .events = POLLIN } };

                if (poll(fds, ELEMENTSOF(fds), START_MS) <= 0)
                        return -ETIMEDOUT;
                if (fds[1].revents != 0)
                        return -EIO;
                n = recv(notify, text, sizeof(text) - 1, 0);
                if (n < 0)
                        return -errno;
                text[n] = '\0';
                if (strstr(text, "READY=1"))
                        return 0;
        }
}

static int serve(Postgres *p) {
        char *argv[] = { "postgres",
                         "-D",
                         p->data,
                         "-k",
                         p->directory,
                         "-clisten_addresses=",
                         "-cfsync=off",
                         "-cfull_page_writes=off",
                         "-cshared_buffers=32MB",
                         "-cmax_connections=40",
                         NULL };
        int notify, process, r;

        notify = open_notify(p);
        if (notify < 0)
                return notify;
        (void)setenv("NOTIFY_SOCKET", p->notify, 1);
        p->pid = spawn(p, "postgres", argv, true);
        (void)unsetenv("NOTIFY_SOCKET");
        process = p->pid > 0 ? (int)syscall(SYS_pidfd_open, p->pid, 0) : -1;
        r = process >= 0 ? await_ready(notify, process) : -EIO;
        if (process >= 0)
                close(process);
        close(notify);
        (void)unlink(p->notify);
        return r;
}

static void print_log(const Postgres *p) {
        char path[72], line[512];
        FILE *f;

        (void)snprintf(path, sizeof(path), "%s/log", p->directory);
        f = fopen(path, "re");
        if (!f)
                return;
        while (fgets(line, sizeof(line), f))
                (void)fputs(line, stderr);
        (void)fclose(f);
}

/* Ends the server in order: its files are whole. */
static int rest(Postgres *p) {
        pid_t pid = p->pid;

        p->pid = 0;
        return kill(pid, SIGINT) < 0 ? -errno : await_exit(pid);
}

static int make(Postgres *p, int (*fill)(const Postgres *p)) {
        int r;

        r = initialise(p);
        if (r < 0 || !fill)
                return r;
        r = serve(p);
        if (r < 0)
                return r;
        r = fill(p);
        if (r < 0)
                return r;
        return rest(p);
}

/* Where there can be no template, it is made as if it were one. */
static int provide(Postgres *p, const char *name, const char *made_of,
                   int (*fill)(const Postgres *p)) {
        _cleanup_(postgres_template_closep) PostgresTemplate *t = NULL;
        int r;

        if (postgres_template_open(&t, name, p->bin, made_of) < 0)
                return make(p, fill);
        r = postgres_template_copy(t, p->data);
        if (r != -ENOENT)
                return r;
        r = make(p, fill);
        if (r < 0)
                return r;
        return postgres_template_keep(t, p->data);
}

int postgres_start(Postgres **ret) {
        return postgres_start_filled(ret, "empty", NULL, NULL);
}

int postgres_start_filled(Postgres **ret, const char *name, const char *made_of,
                          int (*fill)(const Postgres *p)) {
        _cleanup_(postgres_stopp) Postgres *p = NULL;
        int r;

        p = calloc(1, sizeof(Postgres));
        if (!p)
                return -ENOMEM;
        r = find_programs(p);
        if (r < 0)
                return r;
        r = find_user(p);
        if (r < 0)
                return r;
        r = make_directory(p);
        if (r < 0)
                return r;
        r = provide(p, name, made_of, fill);
        if (r >= 0)
                r = serve(p);
        if (r < 0) {
                print_log(p);
                return -EIO;
        }
        *ret = TAKE_PTR(p);
        return 0;
}

static int remove_one(const char *path, const struct stat *st _unused_, int kind _unused_,
                      struct FTW *ftw _unused_) {
        return remove(path);
}

Postgres *postgres_stop(Postgres *p) {
        if (!p)
                return NULL;
        if (p->pid > 0) {
                (void)kill(p->pid, SIGQUIT);
                (void)await_exit(p->pid);
        }
        if (p->directory[0])
                (void)nftw(p->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(p);
        return NULL;
}

const char *postgres_dsn(const Postgres *p) {
        return p->dsn;
}

const char *postgres_directory(const Postgres *p) {
        return p->directory;
}

int postgres_psql(const Postgres *p, const char *database, const char *option, const char *value) {
        char *argv[] = { "psql",
                         "--no-psqlrc",
                         "--quiet",
                         "--set=ON_ERROR_STOP=1",
                         "--username=postgres",
                         "--host",
                         (char *)p->directory,
                         "--dbname",
                         (char *)(database ? database : "postgres"),
                         (char *)option,
                         (char *)value,
                         NULL };

        return await_exit(spawn(p, "psql", argv, false));
}
