/* The verdict rule, and the machine that follows it, by enumeration of everything up to seven
 * seats. */
#include "verdict-world.h"

static void faults_and_quorum_follow_n(void **state) {
        static const uint8_t f[] = { 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3 };
        static const uint8_t q[] = { 1, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7 };

        (void)state;
        for (uint8_t n = 0; n <= 10; n++) {
                assert_int_equal(verdict_faults(n), f[n]);
                assert_int_equal(verdict_quorum(n), q[n]);
        }
}

/* Each of n seats says up, down or nothing: all 3^n, the first `liars` of them being faulty. */
static Tally tally_of(uint8_t n, unsigned code, uint8_t liars, unsigned honest_says) {
        Tally t = { .n = n };

        for (uint8_t i = 0; i < n; i++) {
                unsigned says = i < liars ? code % 3 : honest_says;

                code = i < liars ? code / 3 : code;
                t.up += says == 0;
                t.down += says == 1;
        }
        return t;
}

static unsigned power3(uint8_t n) {
        unsigned p = 1;

        while (n-- > 0)
                p *= 3;
        return p;
}

static void liars_neither_fake_nor_hide(void **state) {
        (void)state;
        for (uint8_t n = 1; n <= 7; n++)
                for (uint8_t k = 0; k <= verdict_faults(n); k++)
                        for (unsigned code = 0; code < power3(k); code++) {
                                assert_int_equal(verdict_judge(tally_of(n, code, k, 0)),
                                                 VERDICT_UP);
                                assert_int_equal(verdict_judge(tally_of(n, code, k, 1)),
                                                 VERDICT_DOWN);
                        }
}

/* One more than tolerated cannot make DOWN of an up site either, once there are two seats. */
static void one_liar_too_many_is_not_down(void **state) {
        (void)state;
        for (uint8_t n = 2; n <= 7; n++) {
                uint8_t k = verdict_faults(n) + 1;

                if (k >= verdict_quorum(n))
                        continue;
                for (unsigned code = 0; code < power3(k); code++)
                        assert_int_not_equal(verdict_judge(tally_of(n, code, k, 0)), VERDICT_DOWN);
        }
}

static void assert_one_verdict(Tally t) {
        uint8_t f = verdict_faults(t.n), q = verdict_quorum(t.n);
        VerdictState s = verdict_judge(t);

        assert_false(t.up >= q && t.down >= q);
        assert_true((s == VERDICT_DOWN) == (t.down >= q));
        assert_true((s == VERDICT_UP) == (t.up >= q && t.down <= f));
        if (s == VERDICT_PARTIAL)
                assert_true(t.down > f);
}

static void rule_is_total_and_exclusive(void **state) {
        (void)state;
        for (uint8_t n = 0; n <= 7; n++)
                for (uint8_t up = 0; up <= n; up++)
                        for (uint8_t down = 0; up + down <= n; down++)
                                assert_one_verdict((Tally){ n, up, down });
        assert_int_equal(verdict_judge((Tally){ 0 }), VERDICT_UNKNOWN);
}

static void half_against_half_never_flips(void **state) {
        (void)state;
        for (uint8_t n = 2; n <= 10; n += 2) {
                Tally half = { n, n / 2, n / 2 };

                assert_int_equal(verdict_judge(half), VERDICT_PARTIAL);
                assert_int_equal(verdict_decide(VERDICT_UP, half, true, false), VERDICT_UP);
                assert_int_equal(verdict_decide(VERDICT_DOWN, half, true, false), VERDICT_DOWN);
        }
}

static void decisions_come_at_once_doubts_wait(void **state) {
        Tally down = { 4, 1, 3 }, up = { 4, 3, 1 }, silent = { 4, 2, 0 };

        (void)state;
        assert_int_equal(verdict_decide(VERDICT_UP, down, true, false), VERDICT_DOWN);
        assert_int_equal(verdict_decide(VERDICT_DOWN, up, true, false), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UP, silent, true, false), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UP, silent, false, false), VERDICT_UNKNOWN);
}

static void a_single_seat_is_heard_twice(void **state) {
        Tally down = { 1, 0, 1 }, up = { 1, 1, 0 };

        (void)state;
        assert_int_equal(verdict_decide(VERDICT_UP, down, false, false), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UP, down, false, true), VERDICT_DOWN);
        assert_int_equal(verdict_decide(VERDICT_DOWN, up, false, false), VERDICT_DOWN);
        assert_int_equal(verdict_decide(VERDICT_DOWN, up, false, true), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UNKNOWN, up, false, false), VERDICT_UP);
        assert_int_equal(verdict_decide(VERDICT_UNKNOWN, down, false, false), VERDICT_UNKNOWN);
}

/* Everything seven can say over either family: the rule written out. */
static void a_family_is_named_when_it_alone_is_down(void **state _unused_) {
        unsigned named = 0;

        for (unsigned code = 0; code < 78125; code++) {
                Tally v4 = { 0 }, v6 = { 0 }, *of;
                unsigned rest = code;

                for (uint8_t i = 0; i < 7; i++, rest /= 5) { /* v4 up, down, v6 up, down, nothing */
                        of = rest % 5 < 2 ? &v4 : &v6;
                        of->n += rest % 5 < 4;
                        of->up += rest % 5 == 0 || rest % 5 == 2;
                        of->down += rest % 5 == 1 || rest % 5 == 3;
                }
                if (verdict_family(7, v4, v6) != 6)
                        continue;
                named++;
                assert_true(v4.down == 0 && v4.up > 0 && v6.down > 2);
                assert_true(v6.down >= verdict_quorum(v6.n));
                assert_int_equal(verdict_family(7, v6, v4), 4);
        }
        assert_true(named > 1000);
        assert_int_equal(verdict_family(4, (Tally){ 2, 2, 0 }, (Tally){ 2, 0, 2 }), 6);
        assert_int_equal(verdict_family(4, (Tally){ 3, 3, 0 }, (Tally){ 1, 0, 1 }), 0); /* a liar */
        assert_int_equal(verdict_family(4, (Tally){ 0 }, (Tally){ 4, 0, 4 }), 0); /* who knows */
        assert_int_equal(verdict_family(4, (Tally){ 1, 0, 1 }, (Tally){ 3, 0, 3 }), 0);
}

static void names_go_both_ways(void **state) {
        (void)state;
        for (VerdictState s = 0; s < _VERDICT_MAX; s++)
                assert_int_equal(verdict_state_from_name(verdict_state_name(s)), s);
        assert_int_equal(verdict_state_from_name("sideways"), VERDICT_UNKNOWN);
        assert_string_equal(verdict_cause_name(verdict_cause(VERDICT_DOWN)), "quorum");
        assert_string_equal(verdict_cause_name(verdict_cause(VERDICT_PARTIAL)), "split");
        assert_string_equal(verdict_cause_name(verdict_cause(VERDICT_UNKNOWN)), "silence");
}

/* Everything everybody can say -----------------------------------------------------------------
 *
 * Each assignment of the alphabet of `Says` to the seats, by the machine itself, from a verdict
 * that stands (UP, DOWN) and from none: all 5^n up to six seats. Of seven seats all those of which
 * no more than f differ from the rest, and of the others one of those that are each other's
 * rotations: seats check in turn around the interval, so a rotation moves only who is the next to
 * check when it begins. Nothing else is left out: in the machine, seats that change places are not
 * the same. */

typedef enum Start {
        START_UP,
        START_DOWN,
        START_BLANK,
        _START_MAX
} Start;

typedef struct Assignment {
        uint8_t n, f, q;
        uint8_t count[_SAYS_MAX];
        Says seats[7];
} Assignment;

static Assignment assignment_of(uint8_t n, unsigned code) {
        static const uint8_t f[] = { 0, 0, 0, 0, 1, 1, 1, 2 }, q[] = { 1, 1, 2, 2, 3, 4, 4, 5 };
        Assignment a = { .n = n, .f = f[n], .q = q[n] };

        for (uint8_t i = 0; i < n; i++, code /= _SAYS_MAX) {
                a.seats[i] = (Says)(code % _SAYS_MAX);
                a.count[a.seats[i]]++;
        }
        return a;
}

static bool half_says(const Assignment *a) {
        return a->count[SAYS_UP] * 2 == a->n && a->count[SAYS_DOWN] * 2 == a->n;
}

static void begin_saying(World *w, const Assignment *a, Start start) {
        uint32_t holders[SEATS_MAX];

        w->late = start == START_DOWN ? VOTE_UP : VOTE_DOWN;
        if (start == START_BLANK) {
                for (uint8_t i = 0; i < a->n; i++)
                        holders[i] = i;
        } else {
                all_say(w, start == START_UP ? SAYS_UP : SAYS_DOWN);
                site_start(w->site, w->now);
                run(w, 5 * SEC);
                assert_int_equal(site_state(w->site),
                                 start == START_UP ? VERDICT_UP : VERDICT_DOWN);
                assert_int_equal(seat_holders(w, holders), a->n);
        }
        for (uint8_t i = 0; i < a->n; i++) {
                w->actors[holders[i]].says = a->seats[i];
                w->actors[holders[i]].next = w->late;
        }
        watch(w);
        if (start == START_BLANK)
                site_start(w->site, w->now);
}

/* A verdict stood, `with` many still say so. */
static void check_against_standing(const World *w, const Assignment *a, Start start) {
        VerdictState stood = start == START_UP ? VERDICT_UP : VERDICT_DOWN;
        VerdictState other = start == START_UP ? VERDICT_DOWN : VERDICT_UP;
        uint8_t with = a->count[start == START_UP ? SAYS_UP : SAYS_DOWN];
        uint8_t against = a->count[start == START_UP ? SAYS_DOWN : SAYS_UP];
        uint8_t perhaps = against + a->count[SAYS_LATE] + a->count[SAYS_BOTH];

        if (perhaps < a->q)
                assert_int_equal(w->seen & 1u << other, 0);
        if (a->n - with <= a->f)
                assert_int_equal(w->seen, 1u << stood);
        if (a->n - against <= a->f) {
                assert_int_equal(site_state(w->site), other);
                assert_int_equal(w->seen, 1u << other | 1u << stood);
        }
        if (perhaps == against)
                assert_int_equal(site_state(w->site),
                                 verdict_judge((Tally){ a->n, a->count[SAYS_UP],
                                                        a->count[SAYS_DOWN] }));
}

static void check_from_nothing(const World *w, const Assignment *a) {
        if (a->n - a->count[SAYS_UP] <= a->f) {
                assert_int_equal(w->seen & ~(STATE(UP) | STATE(UNKNOWN)), 0);
                assert_int_equal(site_state(w->site), VERDICT_UP);
        }
        if (a->n - a->count[SAYS_DOWN] <= a->f) {
                assert_int_equal(w->seen & ~(STATE(DOWN) | STATE(UNKNOWN)), 0);
                assert_int_equal(site_state(w->site), VERDICT_DOWN);
        }
        if (a->count[SAYS_DOWN] + a->count[SAYS_LATE] + a->count[SAYS_BOTH] < a->q)
                assert_int_equal(w->seen & STATE(DOWN), 0);
        if (a->count[SAYS_UP] + a->count[SAYS_BOTH] < a->q)
                assert_int_equal(w->seen & STATE(UP), 0);
}

/* With no more than f that do not say up, and with half against half. */
static void note_naive(const World *w, const Assignment *a, unsigned *wrong) {
        bool is_up = a->n - a->count[SAYS_UP] <= a->f;
        wrong[NAIVE_PRESENT] += is_up && (w->naive[NAIVE_PRESENT] & STATE(DOWN));
        wrong[NAIVE_HALF] += half_says(a) && (w->naive[NAIVE_HALF] & STATE(DOWN));
}

static unsigned power5(uint8_t n) {
        return n == 0 ? 1 : _SAYS_MAX * power5(n - 1);
}

static bool is_tried(uint8_t n, unsigned code) {
        Assignment a = assignment_of(n, code);
        unsigned rotated = code;

        if (n < 7 || a.n - a.count[SAYS_UP] <= a.f || a.n - a.count[SAYS_DOWN] <= a.f)
                return true;
        for (uint8_t i = 1; i < n; i++) {
                rotated = rotated / _SAYS_MAX + rotated % _SAYS_MAX * power5(n - 1);
                if (rotated < code)
                        return false;
        }
        return true;
}

static void try_assignment(uint8_t n, unsigned code, Start start, unsigned *wrong) {
        Assignment a = assignment_of(n, code);
        World w;

        world_prepare(&w, n, n);
        w.judges = start != START_DOWN && (a.n - a.count[SAYS_UP] <= a.f || half_says(&a));
        begin_saying(&w, &a, start);
        run(&w, A_WHILE);
        if (start == START_BLANK)
                check_from_nothing(&w, &a);
        else
                check_against_standing(&w, &a, start);
        note_naive(&w, &a, wrong);
        world_done(&w);
}

static void whatever_is_said_the_verdict_is_of_a_quorum(void **state _unused_) {
        unsigned wrong[_NAIVE_MAX] = { 0 }, tried = 0;

        for (uint8_t n = 1; n <= 7; n++)
                for (unsigned code = 0; code < power5(n); code++) {
                        if (!is_tried(n, code))
                                continue;
                        for (Start start = 0; start < _START_MAX; start++)
                                try_assignment(n, code, start, wrong);
                        tried++;
                }
        assert_int_equal(tried, 19530 + 11789);
        assert_true(wrong[NAIVE_PRESENT] > 0); /* the first who says anything is a liar */
        assert_true(wrong[NAIVE_HALF] > 0);
}

/* Regions -------------------------------------------------------------------------------------- */

#define HERE 1

/* n seats of which `liars` are of one region, and say what the code tells; `others` of that region
 * have no seat. UP stands. */
static void open_region(World *w, uint8_t n, uint8_t liars, uint8_t others, unsigned code) {
        uint32_t holders[SEATS_MAX];

        world_prepare(w, n + others, n);
        w->judges = true;
        w->late = VOTE_DOWN;
        site_start(w->site, w->now);
        run(w, 5 * SEC);
        assert_int_equal(site_state(w->site), VERDICT_UP);
        assert_int_equal(seat_holders(w, holders), n);
        for (uint32_t i = 0; i < w->roster.n; i++)
                w->items[i].region = w->actors[i].seated ? HERE + 1 : HERE;
        for (uint8_t i = 0; i < liars; i++, code /= _SAYS_MAX) {
                w->items[holders[i]].region = HERE;
                w->actors[holders[i]].says = (Says)(code % _SAYS_MAX);
                w->actors[holders[i]].next = VOTE_DOWN;
        }
        watch(w);
}

/* As many as are tolerated, whatever they say, whoever else is of their region. */
static void liars_who_claim_one_region_change_nothing(void **state _unused_) {
        unsigned wrong = 0;
        World w;

        for (uint8_t n = 1; n <= 7; n++) {
                uint8_t f = verdict_faults(n);

                for (uint8_t others = 0; others <= 5; others++)
                        for (unsigned code = 0; code < power5(f); code++) {
                                open_region(&w, n, f, others, code);
                                run(&w, 2 * A_WHILE);
                                assert_int_equal(w.seen, STATE(UP));
                                assert_int_equal(w.incidents, 0);
                                wrong += (w.naive[NAIVE_PANEL] & STATE(PARTIAL)) != 0;
                                world_done(&w);
                        }
        }
        assert_true(wrong > 0); /* where they are the only ones of their region */
}

/* Two of seven seats say down, and as many others of their region as there are say anything. */
static void try_panel(uint8_t others, unsigned code, unsigned *wrong) {
        uint8_t n = MIN(4, 2 + others), count[_SAYS_MAX] = { [SAYS_DOWN] = n - MIN(others, 4) };
        uint8_t perhaps;
        World w;

        open_region(&w, 7, 2, others, SAYS_DOWN + _SAYS_MAX * SAYS_DOWN);
        for (uint32_t i = 0; i < w.roster.n; i++) {
                if (w.actors[i].seated)
                        continue;
                w.actors[i].says = (Says)(code % _SAYS_MAX);
                w.actors[i].next = VOTE_DOWN;
                count[code % _SAYS_MAX]++;
                code /= _SAYS_MAX;
        }
        run(&w, 2 * A_WHILE);
        perhaps = count[SAYS_DOWN] + count[SAYS_LATE] + count[SAYS_BOTH];
        assert_int_equal(w.panels % n, 0);
        assert_true(w.panels > 0);
        assert_int_equal(w.seen & ~(STATE(UP) | STATE(PARTIAL)), 0);
        if (n < 4 || perhaps < 3)
                assert_int_equal(w.seen, STATE(UP));
        if (n == 4 && count[SAYS_DOWN] >= 3) {
                assert_int_equal(site_state(w.site), VERDICT_PARTIAL);
                assert_int_equal(w.verdict.cause, CAUSE_REGION);
                assert_int_equal(w.regions[0].region, HERE);
        }
        *wrong += n < 4 && (w.naive[NAIVE_PANEL] & STATE(PARTIAL)) != 0;
        world_done(&w);
}

static void whatever_a_panel_says_three_of_four_decide(void **state _unused_) {
        unsigned wrong = 0;

        for (uint8_t others = 0; others <= 4; others++)
                for (unsigned code = 0; code < power5(others); code++)
                        try_panel(others, code, &wrong);
        assert_true(wrong > 0);
}

/* Upheavals ------------------------------------------------------------------------------------ */

typedef enum Upheaval {
        UPHEAVAL_EPOCH,   /* other seats */
        UPHEAVAL_RESTART, /* of the hub; those who lie are the first to return */
        UPHEAVAL_CUT,     /* three quarters of the honest are cut off for long */
        _UPHEAVAL_MAX,
} Upheaval;

static bool is_liar(const uint32_t *liars, uint8_t n, uint32_t actor) {
        for (uint8_t i = 0; i < n; i++)
                if (liars[i] == actor)
                        return true;
        return false;
}

static void return_all(World *w) {
        for (uint32_t i = 0; i < w->roster.n; i++) {
                set_connected(w, i, true);
                run(w, 20 * MSEC);
        }
}

static void come_over(World *w, Upheaval what, const uint32_t *liars, uint8_t f) {
        uint32_t honest = (uint32_t)w->roster.n - f, cut = (3 * honest + 3) / 4;

        if (what == UPHEAVAL_EPOCH) {
                run(w, w->epoch.ends - w->now - 100 * MSEC);
                watch(w);
                run(w, A_WHILE);
        } else if (what == UPHEAVAL_RESTART) {
                restart_hub(w);
                watch(w);
                for (uint8_t i = 0; i < f; i++)
                        set_connected(w, liars[i], true);
                run(w, 12 * SEC);
        } else {
                watch(w);
                for (uint32_t i = 0; i < w->roster.n && cut > 0; i++)
                        if (!is_liar(liars, f, i)) {
                                set_connected(w, i, false);
                                cut--;
                        }
                run(w, 2 * A_WHILE);
        }
        return_all(w);
}

/* Of n and four who have no seat as yet, two lie, or one. */
typedef struct Attack {
        uint8_t n, f;
        uint32_t liars[2];
        unsigned code; /* what they say */
} Attack;

static void try_upheaval(const Attack *a, Upheaval what, Start start, unsigned *wrong) {
        VerdictState stood = start == START_UP ? VERDICT_UP : VERDICT_DOWN;
        VerdictState other = start == START_UP ? VERDICT_DOWN : VERDICT_UP;
        unsigned code = a->code;
        World w;

        world_prepare(&w, a->n + 4, a->n);
        w.judges = true;
        w.late = start == START_UP ? VOTE_DOWN : VOTE_UP;
        all_say(&w, start == START_UP ? SAYS_UP : SAYS_DOWN);
        site_start(w.site, w.now);
        run(&w, 5 * SEC);
        for (uint8_t i = 0; i < a->f; i++, code /= _SAYS_MAX) {
                w.actors[a->liars[i]].says = (Says)(code % _SAYS_MAX);
                w.actors[a->liars[i]].next = w.late;
        }
        run(&w, 20 * SEC);
        assert_int_equal(site_state(w.site), stood);
        come_over(&w, what, a->liars, a->f);
        assert_int_equal(w.seen & 1u << other, 0);
        if (what != UPHEAVAL_CUT)
                assert_int_equal(w.seen, 1u << stood);
        run(&w, A_WHILE);
        assert_int_equal(site_state(w.site), stood);
        assert_int_equal(w.seen & 1u << other, 0);
        for (Naive i = 0; i < _NAIVE_MAX; i++)
                wrong[i] += (w.naive[i] & 1u << other) != 0;
        world_done(&w);
}

static void try_liars(Attack *a, Upheaval what, Start start, unsigned *wrong) {
        for (a->code = 0; a->code < power5(a->f); a->code++)
                try_upheaval(a, what, start, wrong);
}

static void try_upheavals(uint8_t n, Upheaval what, Start start, unsigned *wrong) {
        Attack a = { .n = n, .f = verdict_faults(n) };

        for (a.liars[0] = 0; a.liars[0] < n + 4u; a.liars[0]++) {
                if (a.f == 1)
                        try_liars(&a, what, start, wrong);
                for (a.liars[1] = 0; a.f == 2 && a.liars[1] < a.liars[0]; a.liars[1]++)
                        try_liars(&a, what, start, wrong);
        }
}

static void neither_epoch_nor_restart_nor_isolation_helps_who_lies(void **state _unused_) {
        static const Naive loses[_UPHEAVAL_MAX] = { [UPHEAVAL_EPOCH] = NAIVE_FORGETFUL,
                                                    [UPHEAVAL_RESTART] = NAIVE_FORGETFUL,
                                                    [UPHEAVAL_CUT] = NAIVE_CONNECTED };

        for (Upheaval what = 0; what < _UPHEAVAL_MAX; what++)
                for (Start start = START_UP; start <= START_DOWN; start++) {
                        unsigned wrong[_NAIVE_MAX] = { 0 };

                        for (uint8_t n = 4; n <= 7; n += 3)
                                try_upheavals(n, what, start, wrong);
                        assert_true(wrong[loses[what]] > 0);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(faults_and_quorum_follow_n),
                cmocka_unit_test(liars_neither_fake_nor_hide),
                cmocka_unit_test(one_liar_too_many_is_not_down),
                cmocka_unit_test(rule_is_total_and_exclusive),
                cmocka_unit_test(half_against_half_never_flips),
                cmocka_unit_test(decisions_come_at_once_doubts_wait),
                cmocka_unit_test(a_single_seat_is_heard_twice),
                cmocka_unit_test(a_family_is_named_when_it_alone_is_down),
                cmocka_unit_test(names_go_both_ways),
                cmocka_unit_test(whatever_is_said_the_verdict_is_of_a_quorum),
                cmocka_unit_test(liars_who_claim_one_region_change_nothing),
                cmocka_unit_test(whatever_a_panel_says_three_of_four_decide),
                cmocka_unit_test(neither_epoch_nor_restart_nor_isolation_helps_who_lies),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
