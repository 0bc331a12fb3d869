/* Draws circumstances from a seed. The world's own numbers come from the same seed. */
#include <inttypes.h>

#include "base/macro.h"
#include "hub/verdict.h"
#include "scenario.h"

#define LOSS 50 /* of so many one gets lost */

static const char *const role_names[_ROLE_MAX] = {
        [ROLE_HONEST] = "honest",
        [ROLE_ALWAYS_UP] = "say up always",
        [ROLE_ALWAYS_DOWN] = "say down always",
        [ROLE_CONTRARY] = "say the opposite",
        [ROLE_COPYCAT] = "repeat the verdict late",
        [ROLE_FLIPPING] = "flip",
        [ROLE_PATIENT] = "say down every fifth time",
        [ROLE_REGION] = "say down always, all in the region of a third of the honest",
        [ROLE_EQUIVOCATE] = "say both",
        [ROLE_DATING] = "say the opposite, and date it wrong",
        [ROLE_CRYING] = "hint at a hanging check each time",
        [ROLE_SILENT] = "are silent",
        [ROLE_ABSTAINING] = "abstain",
        [ROLE_SKEWED] = "have clocks that are off",
};

static const char *const trouble_names[_TROUBLE_MAX] = {
        [TROUBLE_NOTHING] = "nothing else",
        [TROUBLE_LOSS] = "2 % of messages get lost, checks stumble",
        [TROUBLE_CHURN] = "honest ones go away and come back",
        [TROUBLE_RESTART] = "the hub dies and comes back",
        [TROUBLE_CRASH] = "the hub dies in the middle of rounds",
        [TROUBLE_PARTITION] = "some of the honest are cut off",
        [TROUBLE_BLACKOUT] = "three quarters of the honest are cut off",
        [TROUBLE_CHANGES] = "the website is configured anew",
        [TROUBLE_SKEW] = "clocks differ by less than two seconds",
        [TROUBLE_SLOWNESS] = "the website is slow for a while",
        [TROUBLE_BLIPS] = "outages are short",
        [TROUBLE_LINES] = "lines are slow",
        [TROUBLE_REGION] = "at times it is down in one region only",
        [TROUBLE_GROWTH] = "validators come one by one, and are taken away",
};

const char *role_name(Role r) {
        return role_names[r];
}

const char *trouble_name(Trouble t) {
        return trouble_names[t];
}

void scenario_tell(const Scenario *s, FILE *to) {
        fprintf(to, "seed %" PRIu64 ": %u validators for %u seats, every %.0f s, timeout %.1f s; ",
                s->seed, s->validators, s->seats, s->interval / 1e6, s->timeout / 1e6);
        if (s->faulty > 0)
                fprintf(to, "%u of them %s; ", s->faulty, role_name(s->role));
        fprintf(to, "%s; the website %s, for %.0f h\n", trouble_name(s->trouble),
                !s->outages  ? "stays up"
                : s->hanging ? "hangs when it is down"
                             : "refuses when it is down",
                s->length / 3600e6);
}

static uint64_t draw(uint64_t *state, uint64_t limit) {
        uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (z ^ (z >> 31)) % limit;
}

/* Whoever is away, or cut off without any judge of it, counts as faulty as well. */
static uint8_t tolerated(const Scenario *s) {
        uint8_t f = verdict_faults(s->seats);

        if (s->trouble == TROUBLE_CHURN || s->trouble == TROUBLE_GROWTH)
                return f > 0 ? f - 1 : 0;
        return f;
}

Scenario scenario_mixed(uint64_t seed) {
        static const uint8_t seats[] = { 4, 7, 1, 4, 5, 3, 7, 10, 2, 4 };
        static const unsigned intervals[] = { 10, 20, 60 };
        Scenario s = { .seed = seed, .outages = true, .length = 3 * USEC_PER_HOUR };
        uint64_t state = seed;
        uint8_t f;

        s.seats = seats[draw(&state, ELEMENTSOF(seats))];
        s.validators = MIN(s.seats + draw(&state, 3) * 2, WORLD_VALIDATORS);
        s.interval = intervals[draw(&state, ELEMENTSOF(intervals))] * USEC_PER_SEC;
        s.timeout = s.interval / (draw(&state, 2) ? 4 : 2);
        s.hanging = draw(&state, 2);
        s.trouble = draw(&state, _TROUBLE_MAX);
        if (s.trouble == TROUBLE_REGION)
                s.validators = WORLD_VALIDATORS;
        f = tolerated(&s);
        s.faulty = f > 0 ? draw(&state, f + 1) : 0;
        s.role = s.faulty > 0 ? 1 + draw(&state, _ROLE_MAX - 1) : ROLE_HONEST;
        s.slow = s.trouble == TROUBLE_SLOWNESS ? USEC_PER_SEC / 2 : 0;
        s.loss = s.trouble == TROUBLE_LOSS ? LOSS : 0;
        s.stumbling = s.trouble == TROUBLE_LOSS;
        return s;
}

Scenario scenario_steady(uint64_t seed) {
        static const uint8_t seats[] = { 4, 5, 7, 10 };
        static const unsigned intervals[] = { 10, 20, 60, 300 };
        uint64_t state = seed;
        Scenario s = { .seed = seed, .loss = LOSS, .stumbling = true, .length = USEC_PER_HOUR };

        s.seats = seats[draw(&state, ELEMENTSOF(seats))];
        s.validators = s.seats + draw(&state, 4);
        s.interval = intervals[draw(&state, ELEMENTSOF(intervals))] * USEC_PER_SEC;
        s.timeout = MIN(s.interval / 2, 10 * USEC_PER_SEC);
        s.trouble = TROUBLE_LOSS;
        return s;
}

Scenario scenario_budget(uint64_t seed, Role role, uint8_t faulty, unsigned loss) {
        return (Scenario){ .seed = seed,
                           .validators = 7,
                           .seats = 7,
                           .faulty = faulty,
                           .role = role,
                           .loss = loss,
                           .interval = 20 * USEC_PER_SEC,
                           .timeout = 5 * USEC_PER_SEC,
                           .length = USEC_PER_HOUR + 5 * USEC_PER_MIN };
}
