/* The test is polkit: it answers as it is told. On a private bus nobody is asked but the bus. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event/polkit.h"
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
        Bus *service, *caller, *authority;      /* authority: fake polkit, or NULL */
        int allowed, challenge, broken, silent; /* what it answers */
        unsigned asked, answers, done;
        int done_result; /* of the action itself */
        uint32_t flags;  /* it was asked with */
        char action[64], subject[64];
        char error[128], words[256]; /* of the last answer */
} World;

static void on_guard(uv_timer_t *timer _unused_) {
        fail_msg("The bus did not answer in time.");
}

static int method_check(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_) {
        const char *action, *name, *key;
        World *w = userdata;

        assert_true(sd_bus_message_enter_container(m, 'r', "sa{sv}") > 0);
        assert_true(sd_bus_message_read(m, "s", &name) > 0);
        assert_string_equal(name, "system-bus-name");
        assert_true(sd_bus_message_read(m, "a{sv}", 1, &key, "s", &name) > 0);
        assert_true(sd_bus_message_exit_container(m) > 0);
        assert_true(sd_bus_message_read(m, "s", &action) > 0);
        assert_true(sd_bus_message_skip(m, "a{ss}") > 0);
        assert_true(sd_bus_message_read(m, "u", &w->flags) > 0);
        (void)snprintf(w->action, sizeof(w->action), "%s", action);
        (void)snprintf(w->subject, sizeof(w->subject), "%s", name);
        w->asked++;
        if (w->silent)
                return 1;
        if (w->broken)
                return sd_bus_reply_method_return(m, "s", "yes");
        return sd_bus_reply_method_return(m, "(bba{ss})", w->allowed, w->challenge, 0);
}

static const sd_bus_vtable authority_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", method_check,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int do_act(sd_bus_message *m, void *userdata) {
        World *w = userdata;

        w->done++;
        return w->done_result < 0 ? w->done_result : sd_bus_reply_method_return(m, "");
}

static int method_act(sd_bus_message *m, void *userdata, sd_bus_error *error _unused_) {
        World *w = userdata;
        unsigned before = w->done;
        int r;

        r = polkit_check(w->service, m, "org.dpin.Toy1.act", do_act, w);
        assert_int_equal(w->done, before);
        return r;
}

static const sd_bus_vtable toy_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Act", "", "", method_act, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static Bus *join(World *w, const char *name, bool system) {
        Bus *b = NULL;

        assert_int_equal(
                        bus_new(&b, &w->loop, system ? NULL : private_bus_address(w->daemon), name),
                        0);
        assert_int_equal(bus_is_private(b), !system);
        return b;
}

/* A bus is the system bus by being found as that, not by its daemon. */
static void world_init(World *w, bool system, bool authority) {
        *w = (World){};
        assert_int_equal(uv_loop_init(&w->loop), 0);
        (void)uv_timer_init(&w->loop, &w->guard);
        (void)uv_timer_start(&w->guard, on_guard, PATIENCE_MS, 0);
        assert_int_equal(private_bus_start(&w->daemon), 0);
        assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", private_bus_address(w->daemon), 1), 0);

        w->service = join(w, "org.dpin.Toy1", system);
        w->caller = join(w, "org.dpin.Caller1", false);
        assert_true(sd_bus_add_object_vtable(bus_get(w->service), NULL, "/toy", "org.dpin.Toy1",
                                             toy_vtable, w) >= 0);
        if (!authority)
                return;
        w->authority = join(w, "org.freedesktop.PolicyKit1", false);
        assert_true(sd_bus_add_object_vtable(bus_get(w->authority), NULL,
                                             "/org/freedesktop/PolicyKit1/Authority",
                                             "org.freedesktop.PolicyKit1.Authority",
                                             authority_vtable, w) >= 0);
}

static void world_done(World *w) {
        w->service = bus_free(w->service);
        w->caller = bus_free(w->caller);
        w->authority = bus_free(w->authority);
        w->daemon = private_bus_stop(w->daemon);
        uv_close((uv_handle_t *)&w->guard, NULL);
        (void)uv_run(&w->loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&w->loop), 0);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const sd_bus_error *failure = sd_bus_message_get_error(reply);
        World *w = userdata;

        w->answers++;
        (void)snprintf(w->error, sizeof(w->error), "%s", failure ? failure->name : "");
        (void)snprintf(w->words, sizeof(w->words), "%s", failure ? failure->message : "");
        return 0;
}

static void await(World *w, const unsigned *counter, unsigned value) {
        TURN_UNTIL(w, *counter >= value);
}

static void send_act(World *w, bool interactive) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        assert_true(sd_bus_message_new_method_call(bus_get(w->caller), &m, "org.dpin.Toy1", "/toy",
                                                   "org.dpin.Toy1", "Act") >= 0);
        assert_true(sd_bus_message_set_allow_interactive_authorization(m, interactive) >= 0);
        assert_true(sd_bus_call_async(bus_get(w->caller), NULL, m, on_answer, w, 0) >= 0);
}

static const char *act(World *w, bool interactive) {
        unsigned n = w->answers + 1;

        send_act(w, interactive);
        await(w, &w->answers, n);
        return w->error;
}

static void polkit_may_allow(void **state _unused_) {
        const char *unique;
        World w;

        world_init(&w, true, true);
        w.allowed = 1;
        assert_string_equal(act(&w, false), "");
        assert_int_equal(w.done, 1);
        assert_string_equal(w.action, "org.dpin.Toy1.act");
        assert_true(sd_bus_get_unique_name(bus_get(w.caller), &unique) >= 0);
        assert_string_equal(w.subject, unique);
        assert_int_equal(w.flags, 0);

        assert_string_equal(act(&w, true), "");
        assert_int_equal(w.flags, 1);
        world_done(&w);
}

static void polkit_may_deny(void **state _unused_) {
        World w;

        world_init(&w, true, true);
        assert_string_equal(act(&w, false), SD_BUS_ERROR_ACCESS_DENIED);
        assert_string_equal(w.words, "polkit does not allow you org.dpin.Toy1.act: root may, and "
                                     "whom a rule of polkit allows it");
        w.challenge = 1;
        assert_string_equal(act(&w, false), SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED);
        assert_non_null(strstr(w.words, "org.dpin.Toy1.act is for administrators"));
        w.broken = 1;
        assert_string_equal(act(&w, false), SD_BUS_ERROR_ACCESS_DENIED);
        assert_non_null(strstr(w.words, "no answer about org.dpin.Toy1.act"));
        assert_int_equal(w.asked, 3);
        assert_int_equal(w.done, 0);
        world_done(&w);
}

static void no_polkit_is_no(void **state _unused_) {
        World w;

        world_init(&w, true, false);
        assert_string_equal(act(&w, false), SD_BUS_ERROR_ACCESS_DENIED);
        assert_non_null(strstr(w.words, "no polkit here to allow org.dpin.Toy1.act"));
        assert_int_equal(w.done, 0);
        world_done(&w);
}

static void a_failed_action_is_answered(void **state _unused_) {
        World w;

        world_init(&w, true, true);
        w.allowed = 1;
        w.done_result = -EINVAL;
        assert_string_equal(act(&w, false), SD_BUS_ERROR_INVALID_ARGS);
        assert_int_equal(w.done, 1);
        world_done(&w);
}

static void the_bus_may_end_before_the_answer(void **state _unused_) {
        World w;

        world_init(&w, true, true);
        w.silent = 1;
        for (unsigned i = 0; i < 3; i++)
                send_act(&w, false);
        await(&w, &w.asked, 3);
        world_done(&w);
        assert_int_equal(w.done, 0);
}

static void the_own_user_may_on_a_private_bus(void **state _unused_) {
        World w;

        world_init(&w, false, true);
        assert_string_equal(act(&w, false), "");
        assert_int_equal(w.done, 1);
        assert_int_equal(w.asked, 0);
        world_done(&w);
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal _unused_) {
        World *w = process->data;

        w->answers++;
        (void)snprintf(w->error, sizeof(w->error), "%s", status == 0 ? "" : "failure");
        uv_close((uv_handle_t *)process, NULL);
}

static const char *act_as(World *w, uv_process_t *process, uid_t uid) {
        char address[300];
        unsigned n = w->answers + 1;

        (void)snprintf(address, sizeof(address), "--address=%s", private_bus_address(w->daemon));
        char *args[] = { "busctl", address,         "call", "org.dpin.Toy1",
                         "/toy",   "org.dpin.Toy1", "Act",  NULL };
        const uv_process_options_t options = { .exit_cb = on_exit_status,
                                               .file = args[0],
                                               .args = args,
                                               .flags = UV_PROCESS_SETUID | UV_PROCESS_SETGID,
                                               .uid = uid,
                                               .gid = uid };
        *process = (uv_process_t){ .data = w };
        assert_int_equal(uv_spawn(&w->loop, process, &options), 0);
        await(w, &w->answers, n);
        return w->error;
}

static void others_may_not_on_a_private_bus(void **state _unused_) {
        uv_process_t root, nobody;
        World w;

        if (geteuid() != 0) /* only root can be another */
                skip();
        world_init(&w, false, true);
        assert_string_equal(act_as(&w, &root, 0), "");
        assert_int_equal(w.done, 1);
        assert_string_equal(act_as(&w, &nobody, NOBODY), "failure");
        assert_int_equal(w.done, 1);
        assert_int_equal(w.asked, 0);
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(polkit_may_allow),
                cmocka_unit_test(polkit_may_deny),
                cmocka_unit_test(no_polkit_is_no),
                cmocka_unit_test(a_failed_action_is_answered),
                cmocka_unit_test(the_bus_may_end_before_the_answer),
                cmocka_unit_test(the_own_user_may_on_a_private_bus),
                cmocka_unit_test(others_may_not_on_a_private_bus),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
