/* What goes wrong, and when. Trouble begins when the committee has settled; each of its events puts
 * the next one. */
#include <stdio.h>

#include "world-parts.h"

#define CALM           (4 * USEC_PER_MIN)
#define NOTICED_AFTER  (20 * USEC_PER_SEC) /* of a cut line, by pings; at most twice that */
#define IN_ROUND       1u                  /* number of a trouble that a round brought */
#define ARRIVAL_EVERY  (4 * USEC_PER_MIN)
#define LONG_ABSENCE_1 6 /* of so many absences of the hub one lasts minutes */

static void again(World *w, usec_t after) {
        world_put(w, (Event){ .at = w->now + after, .kind = EVENT_TROUBLE });
}

static usec_t intervals(const World *w, unsigned n) {
        return n * w->desk.conf.interval;
}

static uint8_t honest(const World *w) {
        return w->scenario.validators - w->scenario.faulty;
}

/* The faulty are the first. */
static uint8_t pick_honest(World *w) {
        return w->scenario.faulty + world_random(w, honest(w));
}

static void heal(World *w, uint8_t who, usec_t after) {
        world_put(w, (Event){ .at = w->now + after, .kind = EVENT_HEAL, .who = who });
}

/* Lines ---------------------------------------------------------------------------------------- */

static void leave(World *w) {
        uint8_t who = pick_honest(w);
        usec_t away = 5 * USEC_PER_SEC + world_random(w, 90 * USEC_PER_SEC);

        if (world_is_connected(w, who)) {
                w->nodes[who].line++;
                desk_disconnect(w, who);
                world_put(w, (Event){ .at = w->now + away, .kind = EVENT_CONNECT, .who = who });
        }
        again(w, away + intervals(w, 3) + world_random(w, intervals(w, 20)));
}

/* Each line ends in the moment; both sides notice it later. */
static void cut(World *w, uint8_t n) {
        usec_t lasts = 10 * USEC_PER_SEC + world_random(w, 8 * USEC_PER_MIN);
        uint64_t first = world_random(w, honest(w));

        world_say(w, WORLD_TROUBLED, "lines are cut");
        for (uint8_t i = 0; i < n; i++) {
                uint8_t who = w->scenario.faulty + (first + i) % honest(w);
                Node *node = &w->nodes[who];

                node->cut = true;
                world_put(w, (Event){ .at = w->now + NOTICED_AFTER + world_random(w, NOTICED_AFTER),
                                      .kind = EVENT_DISCONNECT,
                                      .who = who,
                                      .line = node->line });
                heal(w, who, lasts + world_random(w, 5 * USEC_PER_SEC));
        }
        again(w, lasts + 6 * USEC_PER_MIN + world_random(w, intervals(w, 30)));
}

static uint8_t three_quarters(const World *w) {
        return (3 * honest(w) + 3) / 4;
}

void trouble_heal(World *w, const Event *e) {
        Node *n = &w->nodes[e->who];

        n->cut = false;
        n->line++;
        if (w->desk.site)
                desk_disconnect(w, e->who); /* the newest connection wins */
        world_put(w, (Event){ .at = w->now, .kind = EVENT_CONNECT, .who = e->who });
        world_say(w, WORLD_HEALED, "a line is back");
}

/* The hub -------------------------------------------------------------------------------------- */

static usec_t pick_absence(World *w) {
        if (world_random(w, LONG_ABSENCE_1) == 0)
                return 30 * USEC_PER_SEC + world_random(w, 4 * USEC_PER_MIN);
        return 300 * USEC_PER_MSEC + world_random(w, 5 * USEC_PER_SEC);
}

static void die(World *w) {
        usec_t absence = pick_absence(w);

        if (!w->desk.site)
                return;
        desk_die(w);
        world_say(w, WORLD_DIED, "the hub dies");
        world_put(w, (Event){ .at = w->now + absence, .kind = EVENT_BEGIN });
        for (uint8_t i = 0; i < w->scenario.validators; i++) {
                w->nodes[i].line++;
                if (!w->nodes[i].absent && !w->nodes[i].cut)
                        world_put(w, (Event){ .at = w->now + absence + 200 * USEC_PER_MSEC +
                                                    world_random(w, 4 * USEC_PER_SEC),
                                              .kind = EVENT_CONNECT,
                                              .who = i });
        }
        again(w, absence + 5 * USEC_PER_MIN + world_random(w, 30 * USEC_PER_MIN));
}

/* Settings ------------------------------------------------------------------------------------- */

static SiteConf pick_conf(World *w) {
        static const unsigned seconds[] = { 10, 20, 30, 60, 120 };
        SiteConf c = w->desk.conf;

        c.interval = seconds[world_random(w, ELEMENTSOF(seconds))] * USEC_PER_SEC;
        c.timeout = c.interval / (2 + world_random(w, 3));
        return c;
}

static void reconfigure(World *w) {
        SiteConf c = w->desk.conf;
        char text[96];
        bool other;

        if (world_random(w, 2))
                c = pick_conf(w);
        if (world_random(w, 2))
                c.target++;
        other = c.target != w->desk.conf.target;
        if (other && world_random(w, 2))
                world_turn(w);
        desk_reconfigure(w, &c);
        snprintf(text, sizeof(text), "configured anew: every %.0f s, timeout %.1f s%s",
                 (double)c.interval / 1e6, (double)c.timeout / 1e6,
                 other ? ", something else" : "");
        world_say(w, WORLD_CHANGED, text);
        again(w, 5 * USEC_PER_MIN + world_random(w, intervals(w, 20)));
}

/* Validators come one after the other, the faulty last; then honest ones are taken away for good,
 * as long as the seats can be filled. */
static void arrive(World *w) {
        for (uint8_t i = w->scenario.validators; i-- > 0;)
                if (w->nodes[i].absent) {
                        w->nodes[i].absent = false;
                        world_put(w, (Event){ .at = w->now, .kind = EVENT_CONNECT, .who = i });
                        again(w, ARRIVAL_EVERY);
                        return;
                }
        if (w->scenario.validators <= w->scenario.seats)
                return;
        leave(w);
}

static void turn_region(World *w) {
        turns_add(&w->regional, w->now);
        world_say(w, WORLD_REGION,
                  turns_now(&w->regional) ? "it is down in one region"
                                          : "it is back in that region");
        again(w, intervals(w, 10) + world_random(w, intervals(w, 20)));
}

/* All together --------------------------------------------------------------------------------- */

void trouble_begin(World *w) {
        const Scenario *s = &w->scenario;

        for (uint8_t i = s->seats / 2; s->trouble == TROUBLE_GROWTH && i > 0; i--)
                w->nodes[i - 1].absent = true;
        if (s->trouble != TROUBLE_NOTHING)
                again(w, CALM);
        if (s->trouble == TROUBLE_SLOWNESS)
                world_put(w, (Event){ .at = w->now + CALM, .kind = EVENT_SLOWNESS });
}

/* Half of the time a change or a death waits for a round. */
static bool waits_for_round(World *w, const Event *e) {
        bool may = w->scenario.trouble == TROUBLE_CHANGES || w->scenario.trouble == TROUBLE_CRASH;

        return may && e->said.number != IN_ROUND && world_random(w, 4) != 0;
}

void trouble_round(World *w) {
        if (!w->awaited)
                return;
        w->awaited = false;
        world_put(w, (Event){ .at = w->now + world_random(w, 400 * USEC_PER_MSEC),
                              .kind = EVENT_TROUBLE,
                              .said.number = IN_ROUND });
}

void trouble_come(World *w, const Event *e) {
        if (waits_for_round(w, e)) {
                w->awaited = true;
                return;
        }
        switch (w->scenario.trouble) {
        case TROUBLE_CHURN:
                leave(w);
                break;
        case TROUBLE_RESTART:
        case TROUBLE_CRASH:
                die(w);
                break;
        case TROUBLE_PARTITION:
                cut(w, 1 + world_random(w, MAX(honest(w) / 2, 1)));
                break;
        case TROUBLE_BLACKOUT:
                cut(w, three_quarters(w));
                break;
        case TROUBLE_CHANGES:
                reconfigure(w);
                break;
        case TROUBLE_REGION:
                turn_region(w);
                break;
        case TROUBLE_GROWTH:
                arrive(w);
                break;
        default:
                break;
        }
}
