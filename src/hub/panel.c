/* Who sits on a regional panel, and what they say together. When there is one is site-panel.c. */
#include <errno.h>

#include "hub/panel.h"

int panel_init(Panel *ret, uint32_t region, uint8_t n, usec_t freshness) {
        VoteTable *votes;
        int r;

        r = vote_table_new(&votes, PANEL_SEATS, freshness);
        if (r < 0)
                return r;
        *ret = (Panel){ .region = region, .n = n, .votes = votes };
        return 0;
}

void panel_done(Panel *p) {
        vote_table_free(p->votes);
        *p = (Panel){ 0 };
}

/* Who complains confirms nothing by being asked again: others are asked first, best those who had
 * no say in the verdict. */
typedef enum PanelTurn {
        TURN_OUTSIDE,
        TURN_SEATED,
        TURN_COMPLAINING,
        _TURN_MAX,
} PanelTurn;

typedef struct Search {
        const PanelChoice *choice;
        uint32_t region;
        PanelTurn turn;
        const uint32_t *chosen;
        uint8_t n;
} Search;

static bool is_among(uint32_t validator, const uint32_t *ids, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (ids[i] == validator)
                        return true;
        return false;
}

static PanelTurn turn_of(const PanelChoice *choice, uint32_t validator) {
        if (is_among(validator, choice->complaining, choice->n_complaining))
                return TURN_COMPLAINING;
        return is_among(validator, choice->seated, choice->n_seated) ? TURN_SEATED : TURN_OUTSIDE;
}

static bool may_be_asked(const Candidate *c, void *userdata) {
        const Search *s = userdata;

        return c->region == s->region && c->connected_since != 0 &&
               turn_of(s->choice, c->validator) == s->turn &&
               !is_among(c->validator, s->chosen, s->n);
}

uint8_t panel_choose(const Committee *c, uint32_t region, const PanelChoice *choice,
                     uint32_t ret[static PANEL_SEATS]) {
        Committee rule = *c; /* borrowed; only operators are capped: a region has few networks */
        Search s = { .choice = choice, .region = region, .chosen = ret };
        uint32_t next;

        rule.caps = CAPS_OPERATOR;
        while (s.turn < _TURN_MAX && s.n < PANEL_SEATS) {
                next = committee_next(&rule, ret, s.n, may_be_asked, &s);
                if (next == 0)
                        s.turn++;
                else
                        ret[s.n++] = next;
        }
        return s.n;
}

int panel_find(const Panel *p, uint32_t validator) {
        for (int i = 0; validator != 0 && i < p->n; i++)
                if (p->members[i] == validator)
                        return i;
        return -ENOENT;
}

Tally panel_tally(const Panel *p, usec_t now) {
        Tally t = { .n = p->n };

        for (uint8_t i = 0; i < p->n; i++) {
                VoteOutcome o = vote_table_outcome(p->votes, i, now);

                t.up += o == VOTE_UP;
                t.down += o == VOTE_DOWN;
        }
        return t;
}

uint64_t panel_down(const Panel *p, usec_t now) {
        uint64_t down = 0;

        for (uint8_t i = 0; i < p->n; i++)
                if (vote_table_outcome(p->votes, i, now) == VOTE_DOWN)
                        down |= UINT64_C(1) << i;
        return down;
}

usec_t panel_evidence(const Panel *p, usec_t now) {
        usec_t first = USEC_INFINITY;

        for (uint8_t i = 0; i < p->n; i++)
                if (vote_table_outcome(p->votes, i, now) == VOTE_DOWN)
                        first = MIN(first, vote_table_said_since(p->votes, i));
        return first;
}
