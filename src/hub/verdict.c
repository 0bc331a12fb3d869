/* The verdict rule. It knows counts only: who voted, when, and whether it still counts is votes.c.
 */
#include <string.h>

#include "base/macro.h"
#include "hub/verdict.h"

static const char *const state_names[_VERDICT_MAX] = {
        [VERDICT_UNKNOWN] = "UNKNOWN",
        [VERDICT_UP] = "UP",
        [VERDICT_DOWN] = "DOWN",
        [VERDICT_PARTIAL] = "PARTIAL",
        [VERDICT_DEGRADED] = "DEGRADED",
        [VERDICT_PAUSED] = "PAUSED",
        [VERDICT_MAINTENANCE] = "MAINTENANCE",
};

static const char *const cause_names[_CAUSE_MAX] = {
        [CAUSE_QUORUM] = "quorum",
        [CAUSE_SPLIT] = "split",
        [CAUSE_SILENCE] = "silence",
        [CAUSE_HUB_AWAY] = "hub_away",
        [CAUSE_SLOW] = "slow",
        [CAUSE_REGION] = "region",
        [CAUSE_CALL] = "heartbeat",
        [CAUSE_NO_CALL] = "heartbeat_missing",
        [CAUSE_FAILED_CALL] = "heartbeat_failed",
        [CAUSE_MAINTENANCE] = "maintenance",
};

const char *verdict_state_name(VerdictState s) {
        return state_names[s];
}

VerdictState verdict_state_from_name(const char *name) {
        for (VerdictState s = 0; s < _VERDICT_MAX; s++)
                if (strcmp(state_names[s], name) == 0)
                        return s;
        return VERDICT_UNKNOWN;
}

const char *verdict_cause_name(VerdictCause c) {
        return cause_names[c];
}

VerdictCause verdict_cause_from_name(const char *name) {
        for (VerdictCause c = 0; c < _CAUSE_MAX; c++)
                if (strcmp(cause_names[c], name) == 0)
                        return c;
        return CAUSE_SILENCE;
}

uint8_t verdict_faults(uint8_t n) {
        return n == 0 ? 0 : (n - 1) / 3;
}

uint8_t verdict_quorum(uint8_t n) {
        return (n + verdict_faults(n)) / 2 + 1;
}

VerdictState verdict_judge(Tally tally) {
        uint8_t f = verdict_faults(tally.n), q = verdict_quorum(tally.n);

        if (tally.down >= q)
                return VERDICT_DOWN;
        if (tally.up >= q && tally.down <= f)
                return VERDICT_UP;
        if (tally.down > f)
                return VERDICT_PARTIAL;
        return VERDICT_UNKNOWN;
}

static bool is_down_alone(uint8_t n, Tally here, Tally there) {
        return here.down > verdict_faults(n) && verdict_judge(here) == VERDICT_DOWN &&
               there.down == 0 && there.up > 0;
}

uint8_t verdict_family(uint8_t n, Tally v4, Tally v6) {
        if (is_down_alone(n, v4, v6))
                return 4;
        return is_down_alone(n, v6, v4) ? 6 : 0;
}

VerdictCause verdict_cause(VerdictState judged) {
        switch (judged) {
        case VERDICT_UP:
        case VERDICT_DOWN:
                return CAUSE_QUORUM;
        case VERDICT_PARTIAL:
                return CAUSE_SPLIT;
        default:
                return CAUSE_SILENCE;
        }
}

static bool needs_confirmation(VerdictState current, VerdictState judged) {
        return (judged == VERDICT_DOWN && current != VERDICT_DOWN) ||
               (judged == VERDICT_UP && current == VERDICT_DOWN);
}

VerdictState verdict_decide(VerdictState current, Tally tally, bool held, bool confirmed) {
        VerdictState judged = verdict_judge(tally);
        bool decisive = judged == VERDICT_UP || judged == VERDICT_DOWN;

        if (held && !decisive)
                return current;
        if (tally.n == 1 && !confirmed && needs_confirmation(current, judged))
                return current;
        return judged;
}
