/* A daemon's life as systemd sees it: the test is the notification socket and sends the signals. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "event/daemon.h"

typedef struct Toy {
        int notify;           /* what systemd would read */
        char said[1024];      /* all it read, one message after another */
        const char *wait_for; /* act is called once when this has been said */
        void (*act)(Daemon *d);
        int start_result, reload_result;
        unsigned starts, reloads, stops, frees;
        bool drain_by_itself;
        uv_timer_t poll;
} Toy;

static void toy_listen(Toy *t) {
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        char name[64];
        int n;

        n = snprintf(name, sizeof(name), "@dpin-test-notify-%d", (int)getpid());
        memcpy(a.sun_path + 1, name + 1, (size_t)n - 1);
        t->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_int_equal(bind(t->notify, (struct sockaddr *)&a,
                              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)),
                         0);
        assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void toy_hear(Toy *t) {
        size_t used = strlen(t->said);
        ssize_t n;

        while (used + 1 < sizeof(t->said) &&
               (n = recv(t->notify, t->said + used, sizeof(t->said) - used - 2, 0)) > 0) {
                used += (size_t)n;
                t->said[used++] = ';';
                t->said[used] = '\0';
        }
}

static void on_poll(uv_timer_t *timer) {
        Daemon *d = timer->data;
        Toy *t = uv_loop_get_data(timer->loop);

        toy_hear(t);
        if (t->act && strstr(t->said, t->wait_for)) {
                void (*act)(Daemon *) = t->act;

                t->act = NULL;
                act(d);
        }
}

static int toy_start(Daemon *d, void *userdata) {
        Toy *t = userdata;

        t->starts++;
        uv_loop_set_data(daemon_loop(d), t);
        (void)uv_timer_init(daemon_loop(d), &t->poll);
        t->poll.data = d;
        (void)uv_timer_start(&t->poll, on_poll, 1, 1);
        return t->start_result;
}

static int toy_reload(Daemon *d _unused_, void *userdata) {
        Toy *t = userdata;

        t->reloads++;
        return t->reload_result;
}

static void toy_stop(Daemon *d, void *userdata) {
        Toy *t = userdata;

        t->stops++;
        if (t->drain_by_itself)
                daemon_finished(d);
}

static void toy_free(Daemon *d _unused_, void *userdata) {
        Toy *t = userdata;

        t->frees++;
        uv_close((uv_handle_t *)&t->poll, NULL);
}

static const DaemonOps toy_ops = { toy_start, toy_reload, toy_stop, toy_free };

static int toy_run(Toy *t) {
        int r;

        toy_listen(t);
        r = daemon_run(&toy_ops, t);
        toy_hear(t);
        close(t->notify);
        assert_int_equal(t->starts, 1);
        assert_int_equal(t->frees, 1);
        return r;
}

static void act_terminate(Daemon *d _unused_) {
        (void)raise(SIGTERM);
}

static void act_interrupt(Daemon *d _unused_) {
        (void)raise(SIGINT);
}

static void act_terminate_twice(Daemon *d _unused_) {
        Toy *t = uv_loop_get_data(daemon_loop(d));

        t->wait_for = "STOPPING=1";
        t->act = act_interrupt;
        (void)raise(SIGTERM);
}

static void act_say_and_reload(Daemon *d) {
        Toy *t = uv_loop_get_data(daemon_loop(d));

        daemon_status(d, "%s\n%d", "Two lines", 2);
        daemon_status(d, "Two lines 2"); /* that is known */
        t->wait_for = "READY=1;STATUS=Two lines 2;RELOADING=1";
        t->act = daemon_stop;
        (void)raise(SIGHUP);
}

static void ready_then_terminated(void **state _unused_) {
        Toy t = { .wait_for = "READY=1", .act = act_terminate, .drain_by_itself = true };

        assert_int_equal(toy_run(&t), 0);
        assert_int_equal(t.stops, 1);
        assert_string_equal(t.said, "READY=1;STOPPING=1;");
}

static void a_second_signal_cuts_the_drain_short(void **state _unused_) {
        Toy t = { .wait_for = "READY=1", .act = act_terminate_twice };
        usec_t start = now_boottime();

        assert_int_equal(toy_run(&t), 0);
        assert_true(now_boottime() - start < 9 * USEC_PER_SEC); /* or it was the time limit */
        assert_int_equal(t.stops, 1);
        assert_string_equal(t.said, "READY=1;STOPPING=1;");
}

static void a_failed_start_is_freed_and_never_ready(void **state _unused_) {
        Toy t = { .start_result = -EBADMSG };

        assert_int_equal(toy_run(&t), -EBADMSG);
        assert_int_equal(t.stops, 0);
        assert_string_equal(t.said, "");
}

static void reload_is_told_around(void **state _unused_) {
        Toy t = { .wait_for = "READY=1",
                  .act = act_say_and_reload,
                  .drain_by_itself = true,
                  .reload_result = -EINVAL };
        const char *reloading;

        assert_int_equal(toy_run(&t), 0);
        assert_int_equal(t.reloads, 1);
        reloading = strstr(t.said, "RELOADING=1\nMONOTONIC_USEC=");
        assert_non_null(reloading);
        assert_non_null(strstr(reloading, ";READY=1;STOPPING=1;"));
}

static void the_watchdog_is_fed(void **state _unused_) {
        Toy t = { .wait_for = "WATCHDOG=1;WATCHDOG=1;WATCHDOG=1",
                  .act = daemon_stop,
                  .drain_by_itself = true };

        assert_int_equal(setenv("WATCHDOG_USEC", "10000", 1), 0);
        assert_int_equal(toy_run(&t), 0);
        assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
        assert_int_equal(t.stops, 1);
}

static int early_start(Daemon *d, void *userdata) {
        int r;

        r = toy_start(d, userdata);
        daemon_stop(d);
        return r;
}

static void a_stop_while_starting_waits_for_the_start(void **state _unused_) {
        const DaemonOps ops = { early_start, NULL, toy_stop, toy_free };
        Toy t = { .drain_by_itself = true };

        toy_listen(&t);
        assert_int_equal(daemon_run(&ops, &t), 0);
        close(t.notify);
        assert_int_equal(t.stops, 1);
        assert_int_equal(t.frees, 1);
}

static int socket_start(Daemon *d, void *userdata _unused_) {
        int first, second, third;

        first = daemon_listen(d, "api", "nonsense");
        second = daemon_take_socket(d, "api");
        third = daemon_listen(d, "api", "127.0.0.1:0");
        daemon_stop(d);
        if (first != 4 || second != -ENOENT || daemon_take_socket(d, "none") != -ENOENT)
                return -EUCLEAN;
        if (third < 0 || daemon_listen(d, "api", "nonsense") != -EINVAL)
                return -EUCLEAN;
        close(third);
        return close(first);
}

static void no_free(Daemon *d _unused_, void *userdata _unused_) {
}

/* Descriptors 3 and 4 belong to the test runner: inherit them in a process of its own, before
 * libuv has opened its pipes there. */
static int inherit_as_child(void) {
        const DaemonOps ops = { .start = socket_start, .free = no_free };
        char pid[16];
        int a, b;

        (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
        a = listen_socket("127.0.0.1:0");
        b = listen_socket("127.0.0.1:0");
        if (a < 0 || b < 0 || dup2(a, 30) < 0 || dup2(b, 31) < 0 || dup2(30, 3) < 0 ||
            dup2(31, 4) < 0)
                return 3;
        if (setenv("LISTEN_PID", pid, 1) < 0 || setenv("LISTEN_FDS", "2", 1) < 0 ||
            setenv("LISTEN_FDNAMES", "hub:api", 1) < 0)
                return 4;
        if (daemon_run(&ops, NULL) < 0)
                return 5;
        return fcntl(3, F_GETFD) < 0 && errno == EBADF ? 0 : 6; /* what nobody took was closed */
}

static void inherited_sockets_go_by_name(void **state _unused_) {
        int status;
        pid_t pid;

        pid = fork();
        if (pid == 0)
                _exit(inherit_as_child());
        assert_true(pid > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(inherited_sockets_go_by_name),
                cmocka_unit_test(ready_then_terminated),
                cmocka_unit_test(a_second_signal_cuts_the_drain_short),
                cmocka_unit_test(a_failed_start_is_freed_and_never_ready),
                cmocka_unit_test(reload_is_told_around),
                cmocka_unit_test(the_watchdog_is_fed),
                cmocka_unit_test(a_stop_while_starting_waits_for_the_start),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
