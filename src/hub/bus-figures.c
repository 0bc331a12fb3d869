/* One table of what moves: by it properties are answered, and changes are found. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "hub/bus-deeds.h"

static const struct {
        const char *property;
        size_t offset, size;
} figures[] = {
        { "Incidents", offsetof(HubFigures, incidents), sizeof(uint32_t) },
        { "Sessions", offsetof(HubFigures, sessions), sizeof(uint32_t) },
        { "SignalsDropped", offsetof(HubFigures, dropped), sizeof(uint64_t) },
        { "States", offsetof(HubFigures, states), _VERDICT_MAX * sizeof(uint32_t) },
        { "Validators", offsetof(HubFigures, validators), sizeof(uint32_t) },
        { "ValidatorsConnected", offsetof(HubFigures, connected), sizeof(uint32_t) },
        { "Websites", offsetof(HubFigures, websites), sizeof(uint32_t) },
};

static const void *member(const HubFigures *f, size_t i) {
        return (const char *)f + figures[i].offset;
}

/* It takes a walk over all websites. */
static void count_states(const Board *b, HubFigures *f) {
        unsigned states[_VERDICT_MAX];

        board_states(b, states);
        for (size_t i = 0; i < _VERDICT_MAX; i++)
                f->states[i] = states[i];
        f->incidents = (uint32_t)board_incidents(b);
}

HubFigures hub_figures(HubManager *m, const HubFigures *before) {
        const Core *core = hub_manager_core(m);
        HubFigures f = { .sessions = (uint32_t)hub_manager_sessions(m),
                         .dropped = news_dropped(hub_manager_news(m)),
                         .seen = news_seen(hub_manager_news(m)) };

        if (!core)
                return f;
        f.websites = (uint32_t)board_count(core_board(core));
        f.validators = (uint32_t)registry_count(core_registry(core));
        f.connected = (uint32_t)registry_connected(core_registry(core));
        if (before->seen == f.seen && before->websites == f.websites) {
                memcpy(f.states, before->states, sizeof(f.states));
                f.incidents = before->incidents;
        } else {
                count_states(core_board(core), &f);
        }
        return f;
}

size_t hub_figures_compare(const HubFigures *a, const HubFigures *b,
                           char *ret[static HUB_FIGURES_MAX]) {
        size_t n = 0;

        static_assert(ELEMENTSOF(figures) < HUB_FIGURES_MAX, "all fit, and the end");
        for (size_t i = 0; i < ELEMENTSOF(figures); i++)
                if (memcmp(member(a, i), member(b, i), figures[i].size) != 0)
                        ret[n++] = (char *)figures[i].property;
        ret[n] = NULL;
        return n;
}

static int append_states(const HubFigures *f, sd_bus_message *reply) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{su}");
        for (int s = 0; r >= 0 && s < _VERDICT_MAX; s++)
                if (f->states[s] > 0)
                        r = sd_bus_message_append(reply, "{su}", verdict_state_name(s),
                                                  f->states[s]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int hub_figures_append(const HubFigures *f, const char *property, sd_bus_message *reply) {
        for (size_t i = 0; i < ELEMENTSOF(figures); i++) {
                if (strcmp(figures[i].property, property) != 0)
                        continue;
                if (figures[i].size == sizeof(uint32_t))
                        return sd_bus_message_append_basic(reply, 'u', member(f, i));
                if (figures[i].size == sizeof(uint64_t))
                        return sd_bus_message_append_basic(reply, 't', member(f, i));
                return append_states(f, reply);
        }
        return -ENOENT;
}
