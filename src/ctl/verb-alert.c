/* dpinctl alert */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ctl/bus.h"
#include "ctl/file.h"
#include "ctl/password.h"
#include "ctl/print.h"

#define CHANNEL_ROW "(ssssssbsuuttb)"
#define AUTH_MAX    4096 /* bytes */
#define ALERT_ROW   "(ssssssuttt)"

/* Channels ------------------------------------------------------------------------------------- */

static const TableColumn channels[] = {
        { "ID", "id", CELL_TEXT },
        { "KIND", "kind", CELL_TEXT },
        { "NAME", "name", CELL_TEXT },
        { "SETTINGS", "settings", CELL_TEXT },
        { "FILTER", "filter", CELL_TEXT },
        { "RULES", "rules", CELL_TEXT },
        { "ENABLED", "enabled", CELL_BOOL },
        { "REASON", "disabledReason", CELL_TEXT },
        { "FAILURES", "failures", CELL_NUMBER },
        { "WAITING", "waiting", CELL_NUMBER },
        { "REFUSED", "refused", CELL_NUMBER },
        { "SINCE", "createdAt", CELL_TIME },
        { "OPERATOR", "operator", CELL_BOOL },
        { 0 },
};

static int read_channel(sd_bus_message *m, void *userdata) {
        const char *id, *kind, *name, *settings, *filter, *rules, *reason;
        uint32_t failures, waiting;
        uint64_t refused, created;
        Table *t = userdata;
        int enabled, is_operator, r;

        r = sd_bus_message_read(m, CHANNEL_ROW, &id, &kind, &name, &settings, &filter, &rules,
                                &enabled, &reason, &failures, &waiting, &refused, &created,
                                &is_operator);
        if (r <= 0)
                return r;
        table_text(t, id);
        table_text(t, kind);
        table_text(t, name);
        table_text(t, settings);
        table_text(t, strcmp(filter, "{}") == 0 ? "" : filter);
        table_text(t, strcmp(rules, "{}") == 0 ? "" : rules);
        table_number(t, enabled);
        table_text(t, reason);
        table_number(t, failures);
        table_number(t, waiting);
        table_number(t, (int64_t)refused);
        table_number(t, (int64_t)created);
        table_number(t, is_operator);
        return 1;
}

static CtlExit print_list(const Args *args, const TableColumn *columns, BusList list) {
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        list.service = &service_hub;
        list.userdata = t;
        e = bus_list(args, &list);
        return e == CTL_OK ? print_table(args, t) : e;
}

CtlExit verb_alert_channel_list(const Args *args, const char *const *words _unused_) {
        return print_list(args, channels,
                          (BusList){ .member = "ListAlertChannels",
                                     .types = CHANNEL_ROW,
                                     .row = read_channel });
}

/* Adding --------------------------------------------------------------------------------------- */

/* Addresses stand between commas. */
static void write_addresses(JsonWriter *json, const char *list) {
        char *copy = strdup(list), *rest = copy;

        json_writer_open_array(json, "to");
        for (char *one; copy && (one = strsep(&rest, ",")) != NULL;)
                json_writer_string(json, NULL, one);
        json_writer_close(json);
        free(copy);
}

/* What TO is for each kind: a member of its settings; prompt: a secret that may be typed. */
static const struct {
        const char *kind, *member, *prompt;
} places[] = {
        { "email", NULL, "Addresses: " },
        { "exec", "hook", "Hook: " },
        { "webhook", "url", "URL: " },
        { "alertmanager", "url", "URL: " },
        { "apprise", "url", "URL of Apprise: " },
        { NULL, "url", "To: " }, /* any other: the hub says what it thinks of it */
};

static size_t place_of(const char *kind) {
        size_t i = 0;

        while (places[i].kind && strcmp(places[i].kind, kind) != 0)
                i++;
        return i;
}

/* USER:PASSWORD, or a token, in which there is no colon. */
static void write_auth(JsonWriter *json, char *auth) {
        char *colon = strchr(auth, ':');

        if (!colon) {
                json_writer_string(json, "token", auth);
                return;
        }
        *colon = '\0';
        json_writer_string(json, "user", auth);
        json_writer_string(json, "password", colon + 1);
}

static int write_settings(const Args *args, size_t place, const char *to, char *auth, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        int r = json_writer_new(&json);

        if (r < 0)
                return r;
        json_writer_open_object(json, NULL);
        if (places[place].member)
                json_writer_string(json, places[place].member, to);
        else
                write_addresses(json, to);
        if (auth)
                write_auth(json, auth);
        if (args->options[OPTION_SUBJECT])
                json_writer_string(json, "subject", args->options[OPTION_SUBJECT]);
        if (args->options[OPTION_TEXT])
                json_writer_string(json, "text", args->options[OPTION_TEXT]);
        json_writer_close(json);
        return json_writer_take(json, ret);
}

static CtlExit complain(const char *what, int r) {
        if (r == -ENODATA)
                fprintf(stderr, "dpinctl: no %s on the standard input\n", what);
        else
                fprintf(stderr, "dpinctl: the %s cannot be read: %s\n", what, strerror(-r));
        return CTL_FAILED;
}

/* "-": it is asked for. NULL: it was said that it cannot be. */
static CtlExit read_to(size_t place, const char *word, char **ret) {
        int r;

        if (strcmp(word, "-") == 0) {
                r = password_text(places[place].prompt, ret);
                return r < 0 ? complain("address", r) : CTL_OK;
        }
        if (places[place].kind && strcmp(places[place].kind, "apprise") == 0) {
                fprintf(stderr, "dpinctl: a URL of Apprise is a secret, and arguments are seen by "
                                "others: say -, and it on the standard input\n");
                return CTL_USAGE;
        }
        *ret = strdup(word);
        return *ret ? CTL_OK : CTL_FAILED;
}

static CtlExit read_auth(const char *path, const char *to, char **ret) {
        size_t n;
        int r;

        if (!path)
                return CTL_OK;
        if (strcmp(path, "-") == 0 && strcmp(to, "-") == 0) {
                fprintf(stderr, "dpinctl: only one of them is on the standard input\n");
                return CTL_USAGE;
        }
        if (strcmp(path, "-") == 0)
                r = password_text("USER:PASSWORD or token: ", ret);
        else
                r = file_read(path, AUTH_MAX, ret, &n);
        if (r < 0)
                return complain("file of --auth", r);
        (*ret)[strcspn(*ret, "\r\n")] = '\0';
        return CTL_OK;
}

static const TableColumn added[] = {
        { "ID", "id", CELL_TEXT },
        { "Secret", "secret", CELL_TEXT },
        { 0 },
};

static CtlExit print_added(const Args *args, sd_bus_message *answer) {
        _cleanup_(table_freep) Table *t = NULL;
        const char *id, *secret;
        int r = sd_bus_message_read(answer, "ss", &id, &secret);

        if (r < 0)
                return bus_garbled(&service_hub, r);
        if (table_new(&t, added) < 0)
                return CTL_FAILED;
        table_text(t, id);
        table_text(t, secret);
        return print_record(args, t);
}

static const char *given(const Args *args, Option o) {
        return args->options[o] ? args->options[o] : "";
}

/* to and auth: as they are. */
static CtlExit add(const Args *args, const char *const *words, const char *to, char *auth) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        _cleanup_free_ char *settings = NULL;
        CtlExit e;

        if (write_settings(args, place_of(words[0]), to, auth, &settings) < 0) {
                fprintf(stderr, "dpinctl: what is given is no UTF-8\n");
                return CTL_USAGE;
        }
        e = bus_ask(args, &(const BusMethod){ &service_hub, "AddAlertChannel" }, &answer, "sssss",
                    words[0], words[1], settings, given(args, OPTION_FILTER),
                    given(args, OPTION_RULES));
        return e == CTL_OK ? print_added(args, answer) : e;
}

CtlExit verb_alert_channel_add(const Args *args, const char *const *words) {
        _cleanup_free_ char *to = NULL, *auth = NULL;
        CtlExit e;

        e = read_auth(args->options[OPTION_AUTH], words[2], &auth);
        if (e == CTL_OK)
                e = read_to(place_of(words[0]), words[2], &to);
        return e == CTL_OK ? add(args, words, to, auth) : e;
}

/* What is not given stays as it is. */
CtlExit verb_alert_channel_set(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_hub, "ChangeAlertChannel" }, NULL,
                       "sssss", words[0], given(args, OPTION_NAME), given(args, OPTION_SETTINGS),
                       given(args, OPTION_FILTER), given(args, OPTION_RULES));
}

/* What is done to one -------------------------------------------------------------------------- */

static CtlExit ask(const Args *args, const char *member, const char *id) {
        return bus_ask(args, &(const BusMethod){ &service_hub, member }, NULL, "s", id);
}

/* The answer is one text. */
static CtlExit ask_text(const Args *args, const char *member, const char *id, const char *name) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *text;
        CtlExit e;
        int r;

        e = bus_ask(args, &(const BusMethod){ &service_hub, member }, &answer, "s", id);
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "s", &text);
        return r < 0 ? bus_garbled(&service_hub, r) : print_value(args, name, text);
}

CtlExit verb_alert_channel_enable(const Args *args, const char *const *words) {
        return ask(args, "EnableAlertChannel", words[0]);
}

CtlExit verb_alert_channel_operator(const Args *args, const char *const *words) {
        bool yes = strcmp(words[1], "yes") == 0;

        if (!yes && strcmp(words[1], "no") != 0) {
                fprintf(stderr, "dpinctl: say yes or no: whether it is told of dpin itself\n");
                return CTL_USAGE;
        }
        return bus_ask(args, &(const BusMethod){ &service_hub, "SetAlertOperator" }, NULL, "sb",
                       words[0], (int)yes);
}

CtlExit verb_alert_channel_remove(const Args *args, const char *const *words) {
        return ask(args, "RemoveAlertChannel", words[0]);
}

CtlExit verb_alert_channel_rotate(const Args *args, const char *const *words) {
        return ask_text(args, "RotateAlertSecret", words[0], "secret");
}

CtlExit verb_alert_channel_test(const Args *args, const char *const *words) {
        return ask_text(args, "TestAlertChannel", words[0], "id");
}

/* Alerts --------------------------------------------------------------------------------------- */

static const TableColumn alerts[] = {
        { "ID", "id", CELL_TEXT },
        { "CHANNEL", "channel", CELL_TEXT },
        { "WHAT", "type", CELL_TEXT },
        { "URL", "url", CELL_TEXT },
        { "STATE", "state", CELL_TEXT },
        { "ERROR", "error", CELL_TEXT },
        { "TRIES", "tries", CELL_NUMBER },
        { "SINCE", "createdAt", CELL_TIME },
        { "NEXT", "nextTryAt", CELL_TIME },
        { "DONE", "doneAt", CELL_TIME },
        { 0 },
};

static int read_alert(sd_bus_message *m, void *userdata) {
        const char *texts[6];
        uint64_t created, next, done;
        Table *t = userdata;
        uint32_t tries;
        int r;

        r = sd_bus_message_read(m, ALERT_ROW, &texts[0], &texts[1], &texts[2], &texts[3], &texts[4],
                                &texts[5], &tries, &created, &next, &done);
        if (r <= 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                table_text(t, texts[i]);
        table_number(t, tries);
        table_number(t, (int64_t)created);
        table_number(t, (int64_t)next);
        table_number(t, (int64_t)done);
        return 1;
}

CtlExit verb_alert_log(const Args *args, const char *const *words _unused_) {
        const char *state = args->options[OPTION_STATE];

        return print_list(args, alerts,
                          (BusList){ .member = "ListAlerts",
                                     .types = ALERT_ROW,
                                     .state = state ? state : "",
                                     .row = read_alert });
}

CtlExit verb_alert_replay(const Args *args, const char *const *words) {
        return ask(args, "ReplayAlert", words[0]);
}
