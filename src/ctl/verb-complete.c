/* dpinctl complete: what the shells' completions ask. Failures offer nothing, and say nothing. */
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/complete.h"

typedef struct Candidates {
        const char *begun;
        const char *types; /* the id is the first, what it is the last of these two */
        unsigned about;    /* which string of a row says what it is */
} Candidates;

static void offer(const Candidates *c, const char *id, const char *about) {
        if (strncmp(id, c->begun, strlen(c->begun)) == 0)
                printf("%s\t%s\n", id, about);
}

/* Rows begin with strings: enough of them to know the row by. */
static int read_row(sd_bus_message *m, void *userdata) {
        const Candidates *c = userdata;
        char contents[32];
        const char *texts[3];
        size_t n = 0;
        int r;

        snprintf(contents, sizeof(contents), "%.*s", (int)strlen(c->types) - 2, c->types + 1);
        r = sd_bus_message_enter_container(m, 'r', contents);
        if (r <= 0)
                return r;
        while (r >= 0 && n < ELEMENTSOF(texts) && contents[n] == 's')
                r = sd_bus_message_read(m, "s", &texts[n++]);
        if (r >= 0)
                offer(c, texts[0], texts[c->about]);
        if (r >= 0)
                r = sd_bus_message_skip(m, contents + n);
        return r < 0 ? r : sd_bus_message_exit_container(m) < 0 ? -1 : 1;
}

static void offer_rows(const Args *args, const BusList *list, const char *begun, unsigned about) {
        Candidates c = { .begun = begun, .types = list->types, .about = about };
        BusList all = *list;

        all.service = &service_hub;
        all.row = read_row;
        all.userdata = &c;
        (void)bus_list(args, &all);
}

/* The command line that is being written may name a bus. */
static Args args_of(const char *const *words, unsigned n) {
        Args args = { 0 };

        for (unsigned i = 0; i < n; i++)
                if (strncmp(words[i], "--bus=", 6) == 0)
                        args.options[OPTION_BUS] = words[i] + 6;
        return args;
}

CtlExit verb_complete(const Args *args, const char *const *words) {
        unsigned n = 0;
        Args other;

        while (words[n])
                n++;
        if (n == 0)
                return CTL_OK;
        other = args_of(words, n);
        switch (complete_words(args->verbs, words, n, stdout)) {
        case COMPLETE_NOTHING:
                break;
        case COMPLETE_FILES:
                puts(":files");
                break;
        case COMPLETE_INCIDENTS:
                offer_rows(&other,
                           &(const BusList){ .member = "ListIncidents",
                                             .types = "(ssssssstttss)",
                                             .state = "open" },
                           words[n - 1], 2);
                break;
        case COMPLETE_ORGANISATIONS:
                offer_rows(&other,
                           &(const BusList){ .member = "ListOrganisations",
                                             .types = "(ssuu)",
                                             .state = "" },
                           words[n - 1], 1);
                break;
        case COMPLETE_PAYOUTS:
                offer_rows(&other,
                           &(const BusList){ .member = "ListPayouts",
                                             .types = "(sssxssttt)",
                                             .state = "" },
                           words[n - 1], 2);
                break;
        case COMPLETE_VALIDATORS:
                offer_rows(&other,
                           &(const BusList){ .member = "ListValidators",
                                             .types = "(sssssubsstxx)",
                                             .state = "" },
                           words[n - 1], 1);
                break;
        case COMPLETE_WEBSITES:
                offer_rows(&other,
                           &(const BusList){ .member = "ListWebsites", .types = "(sssuuybts)" },
                           words[n - 1], 1);
                break;
        }
        return CTL_OK;
}
