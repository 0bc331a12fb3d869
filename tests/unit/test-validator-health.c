/* A loop that answers, asked from a thread as another process would; and whatever else may lie
 * where the socket is looked for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder-fixture.h"
#include "validator/health.h"

#define PATIENCE (10 * USEC_PER_SEC)

static const ValidatorStatus well = { .state = "ready",
                                      .hub = "wss://hub.example/ws",
                                      .key = "KEY",
                                      .why = "",
                                      .welcomed = true,
                                      .connected = true,
                                      .orders = 7 };
static const ValidatorStatus pending = {
        .state = "ready", .hub = "wss://hub.example/ws", .key = "KEY", .why = "", .welcomed = true
};
static const ValidatorStatus away = {
        .state = "away", .hub = "wss://hub.example/ws", .key = "KEY", .why = "connection\nrefused"
};

typedef struct World {
        Folder folder;
        char directory[256];
        uv_loop_t loop;
        Health *health;
        ValidatorStatus status;
        HealthLevel wanted;
        usec_t patience;
        int answer;
        char said[HEALTH_LINE_SIZE];
} World;

static void get_status(ValidatorStatus *ret, void *userdata) {
        const World *w = userdata;

        *ret = w->status;
}

static void world_init(World *w) {
        *w = (World){ .folder = folder_new(), .status = well, .patience = PATIENCE };
        snprintf(w->directory, sizeof(w->directory), "%s", w->folder.path);
        assert_int_equal(uv_loop_init(&w->loop), 0);
}

static void world_open(World *w) {
        assert_int_equal(health_new(&w->health, &w->loop, w->directory, get_status, w), 0);
}

static void world_done(World *w) {
        w->health = health_free(w->health);
        assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&w->loop), 0);
        folder_done(&w->folder);
}

static void ask_now(World *w) {
        FILE *to = fmemopen(w->said, sizeof(w->said), "w");

        assert_non_null(to);
        w->answer = health_ask(w->directory, w->wanted, w->patience, to);
        fclose(to);
}

static void on_work(uv_work_t *work) {
        ask_now(work->data);
}

static void on_worked(uv_work_t *work, int status _unused_) {
        World *w = work->data;

        uv_stop(&w->loop);
}

/* While the loop turns. */
static int ask(World *w, const ValidatorStatus *status, HealthLevel wanted) {
        uv_work_t work = { .data = w };

        w->status = *status;
        w->wanted = wanted;
        assert_int_equal(uv_queue_work(&w->loop, &work, on_work, on_worked), 0);
        uv_run(&w->loop, UV_RUN_DEFAULT);
        return w->answer;
}

static void levels_have_names(void **state _unused_) {
        assert_int_equal(health_level_from_name(""), HEALTH_READY);
        assert_int_equal(health_level_from_name("ready"), HEALTH_READY);
        assert_int_equal(health_level_from_name("alive"), HEALTH_ALIVE);
        assert_int_equal(health_level_from_name("dead"), -EINVAL);
        assert_int_equal(health_level_from_name("Ready"), -EINVAL);
}

static void it_says_how_it_is(void **state _unused_) {
        World w;

        world_init(&w);
        world_open(&w);
        assert_int_equal(ask(&w, &well, HEALTH_READY), 0);
        assert_string_equal(w.said, "ready: connected to wss://hub.example/ws, 7 orders\n");
        assert_int_equal(ask(&w, &pending, HEALTH_READY), 0);
        assert_string_equal(w.said, "ready: wss://hub.example/ws has not approved KEY yet\n");
        assert_int_equal(ask(&w, &away, HEALTH_READY), 1);
        assert_string_equal(w.said, "not ready: away from wss://hub.example/ws: connection?refused;"
                                    " it goes on trying, its log says more\n");
        assert_int_equal(ask(&w, &away, HEALTH_ALIVE), 0);
        assert_string_equal(w.said, "alive: away from wss://hub.example/ws: connection?refused\n");
        assert_int_equal(ask(&w, &well, HEALTH_ALIVE), 0);
        world_done(&w);
}

static void a_long_line_is_cut(void **state _unused_) {
        char why[2000], line[HEALTH_LINE_SIZE];
        ValidatorStatus status = away;

        memset(why, 'x', sizeof(why) - 1);
        why[sizeof(why) - 1] = '\0';
        status.why = why;
        health_line(&status, line);
        assert_int_equal(strlen(line), HEALTH_LINE_SIZE - 1);
        assert_int_equal(line[HEALTH_LINE_SIZE - 2], '\n');
        health_line(&well, line);
        assert_string_equal(line, "ready connected to wss://hub.example/ws, 7 orders\n");
}

static void a_path_may_be_long(void **state _unused_) {
        World w;

        world_init(&w);
        snprintf(w.directory, sizeof(w.directory), "%s/%0150d", w.folder.path, 0);
        assert_int_equal(mkdir(w.directory, 0700), 0);
        world_open(&w);
        assert_int_equal(ask(&w, &well, HEALTH_READY), 0);
        world_done(&w);
}

static void it_is_for_its_user_and_goes_with_its_owner(void **state _unused_) {
        char path[256];
        struct stat st;
        World w;

        world_init(&w);
        snprintf(path, sizeof(path), "%s/health", w.folder.path);
        world_open(&w);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode, S_IFSOCK | 0600);
        w.health = health_free(w.health);
        assert_int_equal(stat(path, &st), -1);
        ask_now(&w);
        assert_int_equal(w.answer, 1);
        assert_non_null(strstr(w.said, "not running: no validator has /tmp/"));
        world_done(&w);
}

/* Binds the socket by hand, as a process did that is gone (backlog < 0) or that stands still. */
static int leave_socket(World *w, int backlog) {
        struct sockaddr_un address;
        int place = health_address(w->directory, &address), fd;

        assert_true(place >= 0);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        if (backlog >= 0)
                assert_int_equal(listen(fd, backlog), 0);
        close(place);
        return fd;
}

static void what_a_killed_one_left_is_replaced(void **state _unused_) {
        World w;

        world_init(&w);
        close(leave_socket(&w, -1));
        ask_now(&w);
        assert_int_equal(w.answer, 1);
        assert_non_null(strstr(w.said, "not running"));
        world_open(&w);
        assert_int_equal(ask(&w, &well, HEALTH_READY), 0);
        world_done(&w);
}

static void one_that_stands_still_is_not_alive(void **state _unused_) {
        World w;
        int fd;

        world_init(&w);
        w.wanted = HEALTH_ALIVE;
        w.patience = 50 * USEC_PER_MSEC;
        fd = leave_socket(&w, 0);
        for (int i = 0; i < 3; i++) { /* then its backlog is full */
                ask_now(&w);
                assert_int_equal(w.answer, 1);
                assert_string_equal(w.said, "not alive: no answer within 0 s: restart it\n");
        }
        close(fd);
        world_done(&w);
}

typedef struct Speaker {
        int fd;
        const char *text;
} Speaker;

static void speak(void *userdata) {
        const Speaker *s = userdata;
        int asker = accept(s->fd, NULL, NULL);

        assert_int_equal(send(asker, s->text, strlen(s->text), MSG_NOSIGNAL), strlen(s->text));
        close(asker);
}

static void another_answer_is_not_believed(void **state _unused_) {
        const char *const texts[] = { "", "ready", "ready\n", "steady and well\n",
                                      "ready without an end" };
        World w;

        world_init(&w);
        w.wanted = HEALTH_ALIVE;
        Speaker s = { .fd = leave_socket(&w, 1) };
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                uv_thread_t thread;

                s.text = texts[i];
                assert_int_equal(uv_thread_create(&thread, speak, &s), 0);
                ask_now(&w);
                uv_thread_join(&thread);
                assert_int_equal(w.answer, 1);
                assert_memory_equal(w.said, "unknown: ", 9);
        }
        close(s.fd);
        world_done(&w);
}

static void it_needs_a_directory(void **state _unused_) {
        World w;

        world_init(&w);
        snprintf(w.directory, sizeof(w.directory), "%s/none", w.folder.path);
        assert_int_equal(health_new(&w.health, &w.loop, w.directory, get_status, &w), -ENOENT);
        assert_null(w.health);
        ask_now(&w);
        assert_non_null(strstr(w.said, "not running"));
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(levels_have_names),
                cmocka_unit_test(it_says_how_it_is),
                cmocka_unit_test(a_long_line_is_cut),
                cmocka_unit_test(a_path_may_be_long),
                cmocka_unit_test(it_is_for_its_user_and_goes_with_its_owner),
                cmocka_unit_test(what_a_killed_one_left_is_replaced),
                cmocka_unit_test(one_that_stands_still_is_not_alive),
                cmocka_unit_test(another_answer_is_not_believed),
                cmocka_unit_test(it_needs_a_directory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
