/* What is told after which commit, and that a frame of it never outgrows the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/outbox.h"
#include "hub/website.h"
#include "wire/spec.h"

#define ORDERS 400

typedef struct Bench {
        Outbox *outbox;
        char spec[SPEC_SIZE_MAX + 1];
        Website website;
        OrderTerms terms[ORDERS];
        WorkOrder orders[ORDERS];
        char told[256]; /* "validator: +row -row; " */
} Bench;

static int setup(void **state) {
        Bench *b = calloc(1, sizeof(*b));

        if (!b || outbox_new(&b->outbox) < 0)
                return -1;
        memcpy(b->spec, "{}", 3);
        b->website.spec = b->spec;
        for (uint32_t i = 0; i < ORDERS; i++) {
                b->terms[i].epoch = i;
                b->orders[i] = (WorkOrder){ .row = i,
                                            .order = { .type = ORDER_SEAT,
                                                       .n = 4,
                                                       .interval_ms = 60000,
                                                       .timeout_ms = 10000,
                                                       .terms = &b->terms[i] },
                                            .validator = 1 + i % 2,
                                            .website = &b->website };
        }
        *state = b;
        return 0;
}

static int teardown(void **state) {
        Bench *b = *state;

        outbox_free(b->outbox);
        free(b);
        return 0;
}

static void on_taken(uint32_t validator, const OutboxChange *changes, size_t n, void *userdata) {
        Bench *b = userdata;
        size_t at = strlen(b->told);

        at += (size_t)snprintf(b->told + at, sizeof(b->told) - at, "%u:", validator);
        for (size_t i = 0; i < n; i++)
                at += (size_t)snprintf(b->told + at, sizeof(b->told) - at, " %c%u",
                                       changes[i].remove ? '-' : '+',
                                       (unsigned)changes[i].order->row);
        (void)snprintf(b->told + at, sizeof(b->told) - at, "; ");
}

static void change(Bench *b, unsigned order, bool remove, uint64_t commit_no) {
        OutboxChange c = { .order = &b->orders[order], .remove = remove, .commit_no = commit_no };

        if (remove)
                c.order->removed = commit_no;
        assert_int_equal(outbox_add(b->outbox, &c), 0);
}

static void expect(Bench *b, uint64_t commit_no, const char *told) {
        b->told[0] = '\0';
        outbox_take(b->outbox, commit_no, on_taken, b);
        assert_string_equal(b->told, told);
}

static void each_commit_tells_each_validator_once(void **state) {
        Bench *b = *state;

        change(b, 4, false, 5);
        change(b, 1, false, 5);
        change(b, 2, false, 5);
        change(b, 6, false, 6);
        expect(b, 4, "");
        expect(b, 5, "1: +2 +4; 2: +1; ");
        expect(b, 5, "");
        expect(b, 9, "1: +6; ");
}

static void a_seat_that_changes_hands_twice_is_told_in_order(void **state) {
        Bench *b = *state;

        b->orders[8].sent = true;
        change(b, 8, true, 5);
        change(b, 2, false, 5);
        b->orders[0].sent = true;
        change(b, 0, true, 6);
        expect(b, 7, "1: +2 -8 -0; ");
}

static void what_came_to_nothing_is_not_told(void **state) {
        Bench *b = *state;

        change(b, 2, false, 5); /* added and removed before its commit */
        change(b, 2, true, 5);
        change(b, 4, false, 6); /* removed after its commit, which is not done yet */
        change(b, 4, true, 7);
        expect(b, 6, "");
        expect(b, 7, "");
}

static void many_wait(void **state) {
        Bench *b = *state;
        size_t n = 0;

        for (unsigned i = 0; i < ORDERS; i++)
                change(b, i, false, 100 + i);
        for (unsigned i = 0; i < ORDERS; i++) {
                b->told[0] = '\0';
                outbox_take(b->outbox, 100 + i, on_taken, b);
                n += b->told[0] != '\0';
        }
        assert_int_equal(n, ORDERS);
}

static size_t frame_of(const OutboxChange *changes, size_t n, OutboxFrame *f) {
        _cleanup_free_ char *text = NULL;
        size_t taken = outbox_frame(f, changes, n, false);

        f->frame.orders.base = UINT64_C(1) << 62;
        f->frame.orders.revision = f->frame.orders.base + 1;
        assert_int_equal(frame_encode(&f->frame, &text), 0);
        assert_true(taken > 0 && taken <= n);
        return taken;
}

/* Whatever the sizes: every change is in some frame, and every frame can be sent. */
static void frames_fit(void **state) {
        static const size_t sizes[] = { 2, 100, 160, 400, 1000, SPEC_SIZE_MAX };
        _cleanup_free_ OutboxChange *changes = calloc(ORDERS, sizeof(*changes));
        _cleanup_free_ OutboxFrame *f = malloc(sizeof(*f));
        Bench *b = *state;

        assert_true(changes && f);
        for (unsigned every = 1; every <= 3; every++)
                for (size_t s = 0; s < ELEMENTSOF(sizes); s++) {
                        size_t done = 0, added = 0, removed = 0;

                        memset(b->spec, 'x', sizes[s]);
                        b->spec[sizes[s]] = '\0';
                        for (unsigned i = 0; i < ORDERS; i++)
                                changes[i] = (OutboxChange){ .order = &b->orders[i],
                                                             .remove = i % every != 0 };
                        while (done < ORDERS) {
                                done += frame_of(changes + done, ORDERS - done, f);
                                added += f->n_add;
                                removed += f->frame.orders.removed.n;
                        }
                        assert_int_equal(added + removed, ORDERS);
                        assert_int_equal(added, (ORDERS + every - 1) / every);
                }
}

static void spares_are_passed_over(void **state) {
        Bench *b = *state;
        _cleanup_free_ OutboxFrame *f = malloc(sizeof(*f));
        OutboxChange changes[] = { { .order = &b->orders[0] },
                                   { .order = &b->orders[1] },
                                   { .order = &b->orders[2] } };

        assert_non_null(f);
        b->orders[0].order.type = b->orders[2].order.type = ORDER_SPARE;
        assert_int_equal(outbox_frame(f, changes, 3, true), 3);
        assert_true(f->frame.orders.reset);
        assert_int_equal(f->n_add, 1);
        assert_ptr_equal(f->added[0], &b->orders[1]);
        assert_int_equal(outbox_frame(f, changes, 0, true), 0); /* a validator without work */
}

/* Each added one by its own bytes. */
static void orders_are_told_as_they_are(void **state) {
        Bench *b = *state;
        _cleanup_free_ OutboxFrame *f = malloc(sizeof(*f));
        OutboxChange changes[] = { { .order = &b->orders[5] },
                                   { .order = &b->orders[6], .remove = true },
                                   { .order = &b->orders[7] } };
        Order told;

        assert_non_null(f);
        assert_int_equal(outbox_frame(f, changes, 3, false), 3);
        assert_int_equal(f->n_add, 2);
        for (size_t i = 0; i < f->n_add; i++) {
                assert_int_equal(f->add[i].order.n, ORDER_FIXED_SIZE);
                assert_int_equal(order_decode(f->add[i].order.data, f->add[i].order.n, &told), 0);
                assert_int_equal(told.epoch.number, i == 0 ? 5 : 7);
                assert_int_equal(told.interval_ms, 60000);
                assert_int_equal(told.n, 4);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(each_commit_tells_each_validator_once, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(a_seat_that_changes_hands_twice_is_told_in_order,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(what_came_to_nothing_is_not_told, setup, teardown),
                cmocka_unit_test_setup_teardown(many_wait, setup, teardown),
                cmocka_unit_test_setup_teardown(frames_fit, setup, teardown),
                cmocka_unit_test_setup_teardown(spares_are_passed_over, setup, teardown),
                cmocka_unit_test_setup_teardown(orders_are_told_as_they_are, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
