/* dpinctl website */
#include <stdio.h>
#include <string.h>

#include "base/json-path.h"
#include "base/json.h"
#include "ctl/ask.h"
#include "ctl/bus.h"
#include "ctl/print.h"

static const TableColumn columns[] = {
        { "ID", "id", CELL_TEXT },
        { "URL", "url", CELL_TEXT },
        { "NAME", "name", CELL_TEXT },
        { "INTERVAL", "intervalMs", CELL_NUMBER },
        { "TIMEOUT", "timeoutMs", CELL_NUMBER },
        { "SEATS", "seats", CELL_NUMBER },
        { "PAUSED", "paused", CELL_BOOL },
        { "SINCE", "createdAt", CELL_TIME },
        { "TAGS", "tags", CELL_LIST },
        { 0 },
};

/* As the hub has them, with commas. */
static void add_tags(Table *t, const char *tags) {
        char text[1024];

        snprintf(text, sizeof(text), "%s", tags);
        for (char *p = text; *p; p++)
                if (*p == ',')
                        *p = ' ';
        table_text(t, text);
}

static int read_row(sd_bus_message *m, void *userdata) {
        Table *t = userdata;
        const char *id, *url, *name, *tags;
        uint32_t interval, timeout;
        uint64_t created;
        uint8_t seats;
        int paused, r;

        r = sd_bus_message_read(m, "(sssuuybts)", &id, &url, &name, &interval, &timeout, &seats,
                                &paused, &created, &tags);
        if (r <= 0)
                return r;
        table_text(t, id);
        table_text(t, url);
        table_text(t, name);
        table_number(t, interval);
        table_number(t, timeout);
        table_number(t, seats);
        table_number(t, paused);
        table_number(t, (int64_t)created);
        add_tags(t, tags);
        return 1;
}

CtlExit verb_website_list(const Args *args, const char *const *words _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_list(args, &(const BusList){ .service = &service_hub,
                                             .member = "ListWebsites",
                                             .types = "(sssuuybts)",
                                             .row = read_row,
                                             .userdata = t });
        return e == CTL_OK ? print_table(args, t) : e;
}

/* Adding --------------------------------------------------------------------------------------- */

/* What may be set, as the hub calls it. Numbers count something, or are times in milliseconds. */
typedef struct Setting {
        Option option;
        const char *bus;
        bool time;
        uint32_t min, max; /* of a number */
} Setting;

static const Setting settings[] = {
        { OPTION_INTERVAL, "interval_ms", true, 0, 0 },
        { OPTION_TIMEOUT, "timeout_ms", true, 0, 0 },
        { OPTION_SLOW, "slow_ms", true, 0, 0 },
        { OPTION_SEATS, "seats", false, 1, 16 },
        { OPTION_FAMILY, "family", false, 4, 6 },
        { OPTION_CONFIRM_DOWN, "confirm_down", false, 1, 100 },
        { OPTION_CONFIRM_UP, "confirm_up", false, 1, 100 },
        { OPTION_CONFIRM_DOWN_FOR, "confirm_down_ms", true, 0, 0 },
        { OPTION_CONFIRM_UP_FOR, "confirm_up_ms", true, 0, 0 },
        { OPTION_CERTIFICATE_WARN, "certificate_warn_days", false, 0, 365 },
};

typedef struct Wish {
        const char *what; /* a URL or an id, as the member takes it */
        /* borrowed; check may be empty, the others NULL */
        const char *name, *rules, *tags, *parent, *check;
        uint32_t numbers[ELEMENTSOF(settings)]; /* of options that were given */
} Wish;

static bool read_time(const Args *args, Option o, uint32_t *ret) {
        uint64_t ms = 0;

        if (args_duration_ms(args->options[o], &ms) == 0 && ms <= UINT32_MAX) {
                *ret = (uint32_t)ms;
                return true;
        }
        fprintf(stderr, "dpinctl: --%s: \"%s\" is no time like 500ms, 30s or 5m\n",
                option_text(o)->name, args->options[o]);
        return false;
}

static bool read_setting(const Args *args, const Setting *s, uint32_t *ret) {
        const char *text = args->options[s->option];

        if (!text)
                return true;
        if (s->time)
                return read_time(args, s->option, ret);
        if (args_number(text, s->max, ret) == 0 && *ret >= s->min)
                return true;
        fprintf(stderr, "dpinctl: --%s: \"%s\" is no number from %u to %u\n",
                option_text(s->option)->name, text, s->min, s->max);
        return false;
}

/* Over both families, judged apart: two websites. */
static bool is_twofold(const Args *args) {
        const char *family = args->options[OPTION_FAMILY];

        return family && strcmp(family, "both") == 0;
}

static bool read_wish(const Args *args, bool twofold, Wish *ret) {
        ret->name = args->options[OPTION_NAME];
        ret->rules = args->options[OPTION_RULES];
        ret->tags = args->options[OPTION_TAGS];
        ret->parent = args->options[OPTION_PARENT];
        for (size_t i = 0; i < ELEMENTSOF(settings); i++)
                if (!(twofold && settings[i].option == OPTION_FAMILY) &&
                    !read_setting(args, &settings[i], &ret->numbers[i]))
                        return false;
        return true;
}

static int append_text(sd_bus_message *call, const char *name, const char *value) {
        return value ? sd_bus_message_append(call, "{sv}", name, "s", value) : 0;
}

static int append_wish(sd_bus_message *call, const Args *args, const Wish *w) {
        int r;

        r = sd_bus_message_append(call, "s", w->what);
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "{sv}");
        if (r >= 0)
                r = append_text(call, "name", w->name);
        if (r >= 0)
                r = append_text(call, "rules", w->rules);
        if (r >= 0)
                r = append_text(call, "tags", w->tags);
        if (r >= 0)
                r = append_text(call, "parent", w->parent);
        if (r >= 0)
                r = append_text(call, "check", *w->check ? w->check : NULL);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(settings); i++)
                if (args->options[settings[i].option])
                        r = sd_bus_message_append(call, "{sv}", settings[i].bus, "u",
                                                  w->numbers[i]);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static CtlExit begin_wish(const Args *args, bool twofold, Wish *ret, char **ret_check,
                          sd_bus **ret_bus) {
        CtlExit e;

        if (!read_wish(args, twofold, ret))
                return CTL_USAGE;
        e = ask_read(args, ret_check);
        ret->check = *ret_check;
        return e == CTL_OK ? bus_open(args, ret_bus) : e;
}

static CtlExit tell_wish(const Args *args, sd_bus *bus, const char *member, const Wish *wish,
                         sd_bus_message **ret) {
        sd_bus_message *call = bus_prepare(bus, &service_hub, member);

        if (!call)
                return CTL_FAILED;
        return bus_send(&service_hub, call, append_wish(call, args, wish), ret);
}

CtlExit verb_website_set(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_free_ char *check = NULL;
        Wish wish = { .what = words[0] };
        CtlExit e;

        e = begin_wish(args, false, &wish, &check, &bus);
        if (e != CTL_OK)
                return e;
        return tell_wish(args, bus, "ChangeWebsite", &wish, &answer);
}

static CtlExit add_website(const Args *args, sd_bus *bus, const Wish *wish, const char *member) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *id;
        CtlExit e;
        int r;

        e = tell_wish(args, bus, "AddWebsite", wish, &answer);
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "s", &id);
        return r < 0 ? bus_garbled(&service_hub, r) : print_value(args, member, id);
}

static void set_family(Wish *wish, uint32_t family) {
        for (size_t i = 0; i < ELEMENTSOF(settings); i++)
                if (settings[i].option == OPTION_FAMILY)
                        wish->numbers[i] = family;
}

/* Named apart, as their alerts are. */
static CtlExit add_over(const Args *args, sd_bus *bus, const Wish *wish, uint32_t family) {
        _cleanup_free_ char *name = NULL;
        Wish one = *wish;

        if (asprintf(&name, "%s (IPv%u)", wish->name ? wish->name : wish->what, family) < 0)
                return CTL_FAILED;
        one.name = name;
        set_family(&one, family);
        return add_website(args, bus, &one, family == 4 ? "ipv4" : "ipv6");
}

CtlExit verb_website_add(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_free_ char *check = NULL;
        bool twofold = is_twofold(args);
        Wish wish = { .what = words[0] };
        CtlExit e;

        e = begin_wish(args, twofold, &wish, &check, &bus);
        if (e != CTL_OK)
                return e;
        if (!twofold)
                return add_website(args, bus, &wish, "id");
        e = add_over(args, bus, &wish, 4);
        return e == CTL_OK ? add_over(args, bus, &wish, 6) : e;
}

CtlExit verb_website_heartbeat(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        sd_bus_message *call;
        const char *path;
        CtlExit e;
        int r;

        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        call = bus_prepare(bus, &service_hub, "MakeHeartbeat");
        if (!call)
                return CTL_FAILED;
        e = bus_send(&service_hub, call, sd_bus_message_append(call, "s", words[0]), &answer);
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "s", &path);
        return r < 0 ? bus_garbled(&service_hub, r) : print_value(args, "path", path);
}

CtlExit verb_website_remove(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "RemoveWebsite" }, NULL, "s",
                       words[0]);
}

CtlExit verb_website_pause(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "PauseWebsite" }, NULL, "s",
                       words[0]);
}

CtlExit verb_website_resume(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "ResumeWebsite" }, NULL, "s",
                       words[0]);
}

/* Showing -------------------------------------------------------------------------------------- */

static const TableColumn shown[] = {
        { "ID", "id", CELL_TEXT },
        { "URL", "url", CELL_TEXT },
        { "Name", "name", CELL_TEXT },
        { "Tags", "tags", CELL_LIST },
        { "State", "state", CELL_TEXT },
        { "Flapping until", "flappingUntil", CELL_TEXT },
        { "Assurance", "assurance", CELL_TEXT },
        { "Since", "since", CELL_TEXT },
        { "First evidence", "firstEvidenceAt", CELL_TEXT },
        { "Rule", "rule", CELL_TEXT },
        { 0 },
};

/* Of a list of words as of a text. */
static void read_words(const char *json, const char *name, char *ret, size_t size) {
        char path[JSON_PATH_SIZE];
        size_t length = 0;
        JsonValue v;

        for (unsigned i = 0;; i++) {
                _cleanup_free_ char *word = NULL;

                snprintf(path, sizeof(path), "$.%s[%u]", name, i);
                if (json_path_find(path, json, strlen(json), &v) <= 0 ||
                    json_value_text(&v, &word) < 0 || length + strlen(word) + 1 >= size)
                        return;
                length += (size_t)snprintf(ret + length, size - length, "%s%s", i > 0 ? " " : "",
                                           word);
        }
}

/* The two answers have no member of one name with two meanings. */
static CtlExit show(const Args *args, const char *status, const char *verdict) {
        _cleanup_(table_freep) Table *t = NULL;
        char text[4096];

        if (args->options[OPTION_JSON]) {
                printf("{\"status\":%s,\"verdict\":%s}\n", status, verdict);
                return CTL_OK;
        }
        if (table_new(&t, shown) < 0)
                return CTL_FAILED;
        for (const TableColumn *c = shown; c->title; c++) {
                text[0] = '\0';
                if (c->kind == CELL_LIST)
                        read_words(status, c->json, text, sizeof(text));
                else if (json_peek_string(status, strlen(status), c->json, text, sizeof(text)) <= 0)
                        (void)json_peek_string(verdict, strlen(verdict), c->json, text,
                                               sizeof(text));
                table_text(t, text);
        }
        return print_record(args, t);
}

CtlExit verb_website_show(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *status, *verdict;
        CtlExit e;
        int r;

        e = bus_ask(args, &(const BusMethod){ &service_hub, "ShowWebsite" }, &answer, "s",
                    words[0]);
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "ss", &status, &verdict);
        return r < 0 ? bus_garbled(&service_hub, r) : show(args, status, verdict);
}
