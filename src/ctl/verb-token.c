/* dpinctl token */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ctl/bus.h"
#include "ctl/print.h"

#define ROW "(sssastttt)"

static const TableColumn columns[] = {
        { "ID", "id", CELL_TEXT },
        { "NAME", "name", CELL_TEXT },
        { "PREFIX", "prefix", CELL_TEXT },
        { "SCOPES", "scopes", CELL_LIST },
        { "CREATED", "createdAt", CELL_TIME },
        { "EXPIRES", "expiresAt", CELL_TIME },
        { "USED", "lastUsedAt", CELL_TIME },
        { "REVOKED", "revokedAt", CELL_TIME },
        { 0 },
};

static int read_scopes(sd_bus_message *m, char *text, size_t size) {
        const char *scope;
        size_t n = 0;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        text[0] = '\0';
        while ((r = sd_bus_message_read(m, "s", &scope)) > 0)
                if (n + strlen(scope) + 1 < size)
                        n += (size_t)snprintf(text + n, size - n, "%s%s", n ? " " : "", scope);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_row(sd_bus_message *m, void *userdata) {
        const char *id, *name, *prefix;
        Table *t = userdata;
        char scopes[128];
        uint64_t at[4];
        int r;

        r = sd_bus_message_enter_container(m, 'r', "sssastttt");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "sss", &id, &name, &prefix);
        if (r >= 0)
                r = read_scopes(m, scopes, sizeof(scopes));
        if (r >= 0)
                r = sd_bus_message_read(m, "tttt", &at[0], &at[1], &at[2], &at[3]);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        table_text(t, id);
        table_text(t, name);
        table_text(t, prefix);
        table_text(t, scopes);
        for (size_t i = 0; i < ELEMENTSOF(at); i++)
                table_number(t, (int64_t)at[i]);
        return 1;
}

CtlExit verb_token_list(const Args *args, const char *const *words _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_list(args, &(const BusList){ .service = &service_api,
                                             .member = "ListTokens",
                                             .types = ROW,
                                             .row = read_row,
                                             .userdata = t });
        return e == CTL_OK ? print_table(args, t) : e;
}

CtlExit verb_token_revoke(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_api, "RevokeToken" }, NULL, "s",
                       words[0]);
}

/* Creating ------------------------------------------------------------------------------------- */

static int append_scopes(sd_bus_message *call, const char *list) {
        int r;

        r = sd_bus_message_open_container(call, 'a', "s");
        while (r >= 0 && *list) {
                size_t n = strcspn(list, ",");
                _cleanup_free_ char *scope = strndup(list, n);

                if (!scope)
                        return -ENOMEM;
                r = sd_bus_message_append(call, "s", scope);
                list += n + (list[n] == ',');
        }
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_wish(sd_bus_message *call, const char *name, const Args *args, uint64_t ms) {
        const char *scopes = args->options[OPTION_SCOPE];
        int r;

        r = sd_bus_message_append(call, "s", name);
        if (r >= 0)
                r = append_scopes(call, scopes ? scopes : "read");
        if (r >= 0)
                r = sd_bus_message_append(call, "ts", (ms + 999) / 1000, "");
        return r;
}

static CtlExit print_token(const Args *args, const char *id, const char *token) {
        static const TableColumn made[] = {
                { "Id", "id", CELL_TEXT },
                { "Token", "token", CELL_TEXT },
                { 0 },
        };
        _cleanup_(table_freep) Table *t = NULL;

        if (!args->options[OPTION_JSON]) {
                puts(token); /* alone, for TOKEN=$(dpinctl token create ...) */
                fprintf(stderr, "Keep it: it is not shown again. dpinctl token revoke %s\n", id);
                return CTL_OK;
        }
        if (table_new(&t, made) < 0)
                return CTL_FAILED;
        table_text(t, id);
        table_text(t, token);
        return print_record(args, t);
}

CtlExit verb_token_create(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *expires = args->options[OPTION_EXPIRES], *id, *token;
        sd_bus_message *call;
        uint64_t ms = 0;
        CtlExit e;
        int r;

        if (expires && (args_duration_ms(expires, &ms) < 0 || ms == 0)) {
                fprintf(stderr, "dpinctl: --expires: \"%s\" is no time like 12h or 30d\n", expires);
                return CTL_USAGE;
        }
        e = bus_open(args, &bus);
        if (e != CTL_OK)
                return e;
        call = bus_prepare(bus, &service_api, "CreateToken");
        if (!call)
                return CTL_FAILED;
        e = bus_send(&service_api, call, append_wish(call, words[0], args, ms), &answer);
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "ss", &id, &token);
        return r < 0 ? bus_garbled(&service_api, r) : print_token(args, id, token);
}
