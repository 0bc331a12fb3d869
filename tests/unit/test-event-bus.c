/* A service and its caller on one loop and one private bus. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "event/bus.h"
#include "loop-turn.h"
#include "private-bus.h"

enum {
        NOBODY = 65534,
        PATIENCE_MS = 20 * 1000,
};

typedef struct World {
        uv_loop_t loop;
        uv_timer_t guard;
        PrivateBus *daemon;
        Bus *service, *caller;
        unsigned answers;
        char text[64], error[128]; /* of the last answer */
} World;

static void on_guard(uv_timer_t *timer _unused_) {
        fail_msg("The bus did not answer in time.");
}

static int method_greet(sd_bus_message *m, void *userdata _unused_, sd_bus_error *error _unused_) {
        const char *name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(m, "s", name);
}

static const sd_bus_vtable toy_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Greet", "s", "s", method_greet, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void world_init(World *w) {
        *w = (World){};
        assert_int_equal(uv_loop_init(&w->loop), 0);
        (void)uv_timer_init(&w->loop, &w->guard);
        (void)uv_timer_start(&w->guard, on_guard, PATIENCE_MS, 0);
        assert_int_equal(private_bus_start(&w->daemon), 0);
        assert_int_equal(bus_new(&w->service, &w->loop, private_bus_address(w->daemon),
                                 "org.dpin.Toy1"),
                         0);
        assert_true(bus_is_private(w->service));
        assert_int_equal(bus_new(&w->caller, &w->loop, private_bus_address(w->daemon),
                                 "org.dpin.Caller1"),
                         0);
        assert_true(sd_bus_add_object_vtable(bus_get(w->service), NULL, "/toy", "org.dpin.Toy1",
                                             toy_vtable, w) >= 0);
}

static void world_done(World *w) {
        w->caller = bus_free(w->caller);
        w->service = bus_free(w->service);
        w->daemon = private_bus_stop(w->daemon);
        uv_close((uv_handle_t *)&w->guard, NULL);
        (void)uv_run(&w->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&w->loop), 0);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const sd_bus_error *failure = sd_bus_message_get_error(reply);
        const char *text = "", *contents;
        World *w = userdata;
        char type;

        w->answers++;
        if (!failure && sd_bus_message_peek_type(reply, &type, &contents) > 0) {
                if (type == 'v')
                        (void)sd_bus_message_enter_container(reply, type, contents);
                assert_true(sd_bus_message_read(reply, "s", &text) > 0);
        }
        (void)snprintf(w->text, sizeof(w->text), "%s", text);
        (void)snprintf(w->error, sizeof(w->error), "%s", failure ? failure->name : "");
        return 0;
}

static void await_answer(World *w, unsigned n) {
        TURN_UNTIL(w, w->answers >= n);
}

static void send_greeting(World *w, const char *name) {
        assert_true(sd_bus_call_method_async(bus_get(w->caller), NULL, "org.dpin.Toy1", "/toy",
                                             "org.dpin.Toy1", "Greet", on_answer, w, "s",
                                             name) >= 0);
}

static void methods_are_served(void **state _unused_) {
        World w;

        world_init(&w);
        send_greeting(&w, "one");
        await_answer(&w, 1);
        assert_string_equal(w.text, "one");

        /* More than one round of the loop takes. */
        for (unsigned i = 0; i < 500; i++)
                send_greeting(&w, "many");
        await_answer(&w, 501);
        assert_string_equal(w.text, "many");
        world_done(&w);
}

static void calls_time_out(void **state _unused_) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Bus *mute = NULL;
        World w;

        world_init(&w);
        /* On a loop of its own, which never turns. */
        uv_loop_t still;
        assert_int_equal(uv_loop_init(&still), 0);
        assert_int_equal(bus_new(&mute, &still, private_bus_address(w.daemon), "org.dpin.Mute1"),
                         0);
        assert_true(sd_bus_message_new_method_call(bus_get(w.caller), &m, "org.dpin.Mute1", "/",
                                                   "org.dpin.Mute1", "Say") >= 0);
        assert_true(sd_bus_call_async(bus_get(w.caller), NULL, m, on_answer, &w, 50 * 1000) >= 0);
        await_answer(&w, 1);
        assert_string_equal(w.error, SD_BUS_ERROR_NO_REPLY);
        bus_free(mute);
        (void)uv_run(&still, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&still), 0);
        world_done(&w);
}

static void a_name_has_one_owner(void **state _unused_) {
        Bus *second = NULL;
        World w;

        world_init(&w);
        assert_int_equal(bus_new(&second, &w.loop, private_bus_address(w.daemon), "org.dpin.Toy1"),
                         -EEXIST);
        assert_null(second);
        world_done(&w);
}

static void no_bus_is_said(void **state _unused_) {
        uv_loop_t loop;
        Bus *b = NULL;

        assert_int_equal(uv_loop_init(&loop), 0);
        assert_int_equal(bus_new(&b, &loop, "unix:path=/nonexistent/bus", "org.dpin.Toy1"),
                         -ENOENT);
        assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1), 0);
        assert_int_equal(bus_new(&b, &loop, NULL, "org.dpin.Toy1"), -ENOENT);
        assert_int_equal(bus_new(&b, &loop, "nonsense", "org.dpin.Toy1"), -ENOENT);
        assert_null(b);
        assert_null(bus_free(NULL));
        assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_daemon_goes_without_a_place(void **state _unused_) {
        BusPlace place = { .address = "none",
                           .name = "org.dpin.Toy1",
                           .identifier = "dpin-toy",
                           .without = "no place" };
        Bus *b = NULL;
        World w;

        world_init(&w);
        assert_int_equal(bus_take_place(&b, &w.loop, &place), 0);
        assert_null(b);
        place.address = "unix:path=/nonexistent/bus";
        assert_int_equal(bus_take_place(&b, &w.loop, &place), 0);
        assert_null(b);
        world_done(&w);
}

static int method_second(sd_bus_message *m, void *userdata _unused_, sd_bus_error *error _unused_) {
        return sd_bus_reply_method_return(m, "s", "second");
}

static const sd_bus_vtable second_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Greet", "s", "s", method_second, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void a_name_is_had_when_its_owner_goes(void **state _unused_) {
        Bus *second = NULL;
        World w;

        world_init(&w);
        assert_int_equal(bus_take_place(&second, &w.loop,
                                        &(BusPlace){ .address = private_bus_address(w.daemon),
                                                     .name = "org.dpin.Toy1",
                                                     .identifier = "dpin-toy",
                                                     .without = "no place" }),
                         1);
        assert_true(sd_bus_add_object_vtable(bus_get(second), NULL, "/toy", "org.dpin.Toy1",
                                             second_vtable, NULL) >= 0);
        send_greeting(&w, "first");
        await_answer(&w, 1);
        assert_string_equal(w.text, "first");
        w.service = bus_free(w.service);
        for (unsigned n = 1; strcmp(w.text, "second") != 0; n++) {
                send_greeting(&w, "");
                await_answer(&w, n + 1);
        }
        bus_free(second);
        world_done(&w);
}

static void a_lost_bus_leaves_the_loop_in_peace(void **state _unused_) {
        World w;

        world_init(&w);
        send_greeting(&w, "one");
        await_answer(&w, 1);
        w.daemon = private_bus_stop(w.daemon);
        uv_unref((uv_handle_t *)&w.guard);
        (void)uv_run(&w.loop, UV_RUN_DEFAULT); /* returns, as nothing is watched any more */
        assert_int_equal(
                        sd_bus_emit_signal(bus_get(w.service), "/toy", "org.dpin.Toy1", "Gone", ""),
                        -ENOTCONN);
        world_done(&w);
}

static void property(World *w, const char *method, const char *name, const char *value) {
        unsigned n = w->answers + 1;
        int r;

        if (value)
                r = sd_bus_call_method_async(bus_get(w->caller), NULL, "org.dpin.Toy1",
                                             "/org/freedesktop/LogControl1",
                                             "org.freedesktop.DBus.Properties", method, on_answer,
                                             w, "ssv", "org.freedesktop.LogControl1", name, "s",
                                             value);
        else
                r = sd_bus_call_method_async(bus_get(w->caller), NULL, "org.dpin.Toy1",
                                             "/org/freedesktop/LogControl1",
                                             "org.freedesktop.DBus.Properties", method, on_answer,
                                             w, "ss", "org.freedesktop.LogControl1", name);
        assert_true(r >= 0);
        await_answer(w, n);
}

static void the_log_level_is_set_by_the_bus(void **state _unused_) {
        int before = log_get_level();
        World w;

        world_init(&w);
        assert_true(bus_add_log_control(w.service, "dpin-toy") >= 0);
        property(&w, "Get", "LogLevel", NULL);
        assert_string_equal(w.text, "info");
        property(&w, "Set", "LogLevel", "err");
        assert_string_equal(w.error, "");
        assert_int_equal(log_get_level(), LOG_ERR);
        property(&w, "Set", "LogLevel", "loud");
        assert_string_equal(w.error, SD_BUS_ERROR_INVALID_ARGS);
        property(&w, "Set", "LogTarget", "null");
        assert_string_equal(w.error, SD_BUS_ERROR_PROPERTY_READ_ONLY);
        property(&w, "Get", "SyslogIdentifier", NULL);
        assert_string_equal(w.text, "dpin-toy");
        property(&w, "Get", "LogTarget", NULL);
        assert_true(strcmp(w.text, "console") == 0 || strcmp(w.text, "journal") == 0);
        log_set_level(before);
        world_done(&w);
}

static void a_place_can_be_told_to_log_more(void **state _unused_) {
        World w;

        world_init(&w);
        w.service = bus_free(w.service);
        assert_int_equal(bus_take_place(&w.service, &w.loop,
                                        &(BusPlace){ .address = private_bus_address(w.daemon),
                                                     .name = "org.dpin.Toy1",
                                                     .identifier = "dpin-toy" }),
                         1);
        property(&w, "Get", "SyslogIdentifier", NULL);
        assert_string_equal(w.text, "dpin-toy");
        world_done(&w);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal _unused_) {
        World *w = process->data;

        w->answers++;
        (void)snprintf(w->text, sizeof(w->text), "%s", status == 0 ? "success" : "failure");
        uv_close((uv_handle_t *)process, NULL);
}

static void strangers_may_not_set_the_log_level(void **state _unused_) {
        char address[300];
        World w;

        if (geteuid() != 0) /* only root can be another */
                skip();
        world_init(&w);
        (void)snprintf(address, sizeof(address), "--address=%s", private_bus_address(w.daemon));
        assert_true(bus_add_log_control(w.service, "dpin-toy") >= 0);

        char *args[] = { "busctl",
                         address,
                         "set-property",
                         "org.dpin.Toy1",
                         "/org/freedesktop/LogControl1",
                         "org.freedesktop.LogControl1",
                         "LogLevel",
                         "s",
                         "debug",
                         NULL };
        const uv_process_options_t options = { .exit_cb = on_exit_status,
                                               .file = args[0],
                                               .args = args,
                                               .flags = UV_PROCESS_SETUID | UV_PROCESS_SETGID,
                                               .uid = NOBODY,
                                               .gid = NOBODY };
        uv_process_t process = { .data = &w };
        assert_int_equal(uv_spawn(&w.loop, &process, &options), 0);
        await_answer(&w, 1);
        assert_string_equal(w.text, "failure");
        assert_int_equal(log_get_level(), LOG_INFO);
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(methods_are_served),
                cmocka_unit_test(calls_time_out),
                cmocka_unit_test(a_name_has_one_owner),
                cmocka_unit_test(no_bus_is_said),
                cmocka_unit_test(a_daemon_goes_without_a_place),
                cmocka_unit_test(a_name_is_had_when_its_owner_goes),
                cmocka_unit_test(a_lost_bus_leaves_the_loop_in_peace),
                cmocka_unit_test(the_log_level_is_set_by_the_bus),
                cmocka_unit_test(a_place_can_be_told_to_log_more),
                cmocka_unit_test(strangers_may_not_set_the_log_level),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
