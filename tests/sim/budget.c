/* Seven seats, T = 20 s, a website that is up for an hour: probes of rounds, refreshes and panels,
 * as a part of the scheduled checks. */
#include <stdio.h>

#include "base/macro.h"
#include "budget.h"
#include "world.h"

#define SEEDS   25u
#define SETTLED (5 * USEC_PER_MIN)
#define CLOSE   0.9 /* of T/n: two scheduled checks are no nearer to each other */

typedef struct Budget {
        const char *what;
        Role role;
        uint8_t faulty;
        unsigned loss;
        double most; /* percent; 0: told only */
} Budget;

static const Budget budgets[] = {
        { "all are honest", ROLE_HONEST, 0, 0, 0.01 },
        { "one says down always", ROLE_ALWAYS_DOWN, 1, 0, 5 },
        { "two say down always", ROLE_ALWAYS_DOWN, 2, 0, 5 },
        { "two of one region do", ROLE_REGION, 2, 0, 5 },
        { "two say up always", ROLE_ALWAYS_UP, 2, 0, 5 },
        { "one flips", ROLE_FLIPPING, 1, 0, 100 },
        { "two flip", ROLE_FLIPPING, 2, 0, 100 },
        { "two say down each fifth time", ROLE_PATIENT, 2, 0, 100 },
        { "two say both", ROLE_EQUIVOCATE, 2, 0, 100 },
        { "two deny, and date it wrong", ROLE_DATING, 2, 0, 100 },
        { "two hint each time", ROLE_CRYING, 2, 0, 100 },
        { "two are silent", ROLE_SILENT, 2, 0, 0 },
        { "2 % of messages get lost", ROLE_HONEST, 0, 50, 0 },
};

typedef struct Spent {
        World *world;
        double rounds, refreshes, panels, worst; /* percent of the scheduled checks */
        double gap;                              /* the least, of T/n */
} Spent;

static void on_verdict(const SiteVerdict *v _unused_, usec_t now _unused_,
                       void *userdata _unused_) {
}

static void on_incident(const SiteIncident *i _unused_, usec_t now _unused_,
                        void *userdata _unused_) {
}

static void on_moment(WorldMoment m, const char *what _unused_, usec_t now _unused_,
                      void *userdata) {
        Spent *s = userdata;

        if (m == WORLD_ALARM)
                world_count_anew(s->world);
}

static void add(Spent *s, const WorldCounts *c, usec_t slice) {
        double part = 100.0 / (double)MAX(c->scheduled, (uint64_t)1);
        double rounds = part * (double)c->confirms, refreshes = part * (double)c->refreshes,
               panels = part * (double)c->panel;

        s->rounds += rounds / SEEDS;
        s->refreshes += refreshes / SEEDS;
        s->panels += panels / SEEDS;
        s->worst = MAX(s->worst, rounds + refreshes + panels);
        s->gap = MIN(s->gap, (double)c->least_gap / (double)slice);
}

static int spend(const Budget *b, uint64_t seed, Spent *s) {
        Scenario scenario = scenario_budget(seed, b->role, b->faulty, b->loss);
        WorldWatch watch = { on_verdict, on_incident, on_moment, s };
        _cleanup_(world_freep) World *w = NULL;
        int r = world_new(&w, &scenario, &watch);

        if (r < 0)
                return r;
        s->world = w;
        world_alarm(w, world_now(w) + SETTLED);
        r = world_run(w);
        if (r >= 0)
                add(s, world_counts(w), scenario.interval / scenario.seats);
        return r;
}

static bool is_kept(const Budget *b) {
        Spent s = { .gap = 1 };
        bool kept = true;

        for (uint64_t seed = 1; seed <= SEEDS; seed++)
                kept = spend(b, seed, &s) >= 0 && kept;
        kept = kept && (b->most == 0 || s.worst <= b->most) && s.gap >= CLOSE;
        printf("%-28s rounds %6.2f %%, refreshes %5.2f %%, panels %5.2f %%, the worst hour %6.2f "
               "%%",
               b->what, s.rounds, s.refreshes, s.panels, s.worst);
        if (b->most > 0)
                printf(" of %g %%", b->most);
        printf(", nearest checks %.2f T/n%s\n", s.gap, kept ? "" : ": FAIL");
        return kept;
}

int budget_run(void) {
        bool kept = true;

        for (size_t i = 0; i < ELEMENTSOF(budgets); i++)
                kept = is_kept(&budgets[i]) && kept;
        return !kept;
}
