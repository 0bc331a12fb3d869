/* dpinctl user */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/bus.h"
#include "ctl/password.h"
#include "ctl/print.h"

#define ROW "(sssbt)"

static const TableColumn columns[] = {
        { "ID", "id", CELL_TEXT },           { "EMAIL", "email", CELL_TEXT },
        { "ROLE", "role", CELL_TEXT },       { "PASSWORD", "hasPassword", CELL_BOOL },
        { "SINCE", "createdAt", CELL_TIME }, { 0 },
};

static int read_row(sd_bus_message *m, void *userdata) {
        const char *id, *email, *role;
        Table *t = userdata;
        uint64_t created;
        int password, r;

        r = sd_bus_message_read(m, ROW, &id, &email, &role, &password, &created);
        if (r <= 0)
                return r;
        table_text(t, id);
        table_text(t, email);
        table_text(t, role);
        table_number(t, password);
        table_number(t, (int64_t)created);
        return 1;
}

CtlExit verb_user_list(const Args *args, const char *const *words _unused_) {
        _cleanup_(table_freep) Table *t = NULL;
        CtlExit e;

        if (table_new(&t, columns) < 0)
                return CTL_FAILED;
        e = bus_list(args, &(const BusList){ .service = &service_api,
                                             .member = "ListUsers",
                                             .types = ROW,
                                             .row = read_row,
                                             .userdata = t });
        return e == CTL_OK ? print_table(args, t) : e;
}

CtlExit verb_user_add(const Args *args, const char *const *words) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        const char *role = args->options[OPTION_ROLE], *id;
        CtlExit e;
        int r;

        e = bus_ask(args, &(const BusMethod){ &service_api, "AddUser" }, &answer, "ss", words[0],
                    role ? role : "viewer");
        if (e != CTL_OK)
                return e;
        r = sd_bus_message_read(answer, "s", &id);
        return r < 0 ? bus_garbled(&service_api, r) : print_value(args, "id", id);
}

CtlExit verb_user_remove(const Args *args, const char *const *words) {
        return bus_ask(args, &(const BusMethod){ &service_api, "RemoveUser" }, NULL, "s", words[0]);
}

static void complain(int r) {
        if (r == -ECANCELED)
                fprintf(stderr, "dpinctl: what was typed twice is not the same\n");
        else if (r == -ENODATA)
                fprintf(stderr, "dpinctl: no password on the standard input\n");
        else
                fprintf(stderr, "dpinctl: the password cannot be read: %s\n", strerror(-r));
}

/* It travels in a descriptor: arguments and messages are seen by others. */
CtlExit verb_user_password(const Args *args, const char *const *words) {
        CtlExit e;
        int fd;

        fd = password_descriptor();
        if (fd < 0) {
                complain(fd);
                return CTL_FAILED;
        }
        e = bus_ask(args, &(const BusMethod){ &service_api, "SetUserPassword" }, NULL, "sh",
                    words[0], fd);
        (void)close(fd);
        return e;
}
