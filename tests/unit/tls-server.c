/* openssl does all of it, in a directory of its own. */
#include "tls-server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NEW_KEY "ec -pkeyopt ec_paramgen_curve:P-256"

static void run(const char *directory, const char *command) {
        int status, log;
        pid_t pid = fork();

        if (pid == 0) {
                if (chdir(directory) != 0)
                        _exit(127);
                log = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
                        _exit(127);
                execl("/bin/sh", "sh", "-c", command, NULL);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

void tls_server_prepare(TlsServer *s) {
        *s = (TlsServer){ .directory = "/tmp/dpin-test-tls-XXXXXX" };
        assert_non_null(mkdtemp(s->directory));
        snprintf(s->ca_file, sizeof(s->ca_file), "%s/ca.pem", s->directory);
        run(s->directory, "openssl req -x509 -nodes -newkey " NEW_KEY
                          " -keyout ca.key -out ca.pem -subj /CN=authority -days 30");
}

/* openssl makes none that ends before it begins: one that has expired is of long ago. The program
 * faketime needs a semaphore named by its pid, which a killed one may have left behind. */
#define LONG_AGO                                                                                   \
        "LD_PRELOAD=$(ls /usr/lib*/faketime/libfaketime.so.1 /usr/lib/*/faketime/libfaketime.so.1" \
        " 2>/dev/null | head -n 1) FAKETIME=%dd "

static void make_certificate(const TlsServer *s, const char *name, int days) {
        char when[192] = "", command[768];

        if (days < 0)
                snprintf(when, sizeof(when), LONG_AGO, days - 1);
        snprintf(command, sizeof(command),
                 "openssl req -nodes -newkey %s -keyout key.pem -out csr.pem -subj /CN=x "
                 "-addext subjectAltName=%s && "
                 "%s openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -days %d "
                 "-copy_extensions copy -out cert.pem",
                 s->key ? s->key : NEW_KEY, name, when, days < 0 ? 1 : days);
        run(s->directory, command);
}

static void serve(const TlsServer *s, int out) {
        char command[512];

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chdir(s->directory) != 0 || dup2(out, 1) < 0)
                _exit(127);
        close(2);
        snprintf(command, sizeof(command),
                 "exec openssl s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem %s",
                 s->arguments ? s->arguments : "-www");
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
}

void tls_server_start(TlsServer *s, const char *name, int days) {
        char line[256] = "";
        int out[2];
        FILE *stream;

        make_certificate(s, name, days);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        s->pid = fork();
        if (s->pid == 0)
                serve(s, out[1]);
        close(out[1]);
        stream = fdopen(out[0], "r");
        while (sscanf(line, "ACCEPT 127.0.0.1:%u", &s->port) != 1)
                assert_non_null(fgets(line, sizeof(line), stream));
        fclose(stream);
}

void tls_server_stop(TlsServer *s) {
        kill(s->pid, SIGKILL);
        assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
}

void tls_server_remove(TlsServer *s) {
        run(s->directory, "rm -r \"$PWD\"");
}
