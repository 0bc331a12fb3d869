/* Help is made from the same table that dispatches. */
#include "ctl/verbs.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "ctl/grammar.h"

_Static_assert(_OPTION_MAX <= 64, "options are bits of a word");

#define TAKES(o) OPTION_BIT(OPTION_##o)
#define ASKS                                                                                       \
        (TAKES(BODY) | TAKES(CERTIFICATE_DAYS) | TAKES(CHECK) | TAKES(CONTAINS) | TAKES(HEADER) |  \
         TAKES(INVERT) | TAKES(MATCHES) | TAKES(METHOD) | TAKES(PATH) | TAKES(STATUS))
#define SETS                                                                                       \
        (TAKES(CERTIFICATE_WARN) | TAKES(CONFIRM_DOWN) | TAKES(CONFIRM_DOWN_FOR) |                 \
         TAKES(CONFIRM_UP) | TAKES(CONFIRM_UP_FOR) | TAKES(FAMILY) | TAKES(INTERVAL) |             \
         TAKES(NAME) | TAKES(RULES) | TAKES(SEATS) | TAKES(SLOW) | TAKES(TAGS) | TAKES(TIMEOUT))

const Verb verbs[] = {
        { "status", NULL, "[DAEMON]", 0, 1, 0, verb_status, "How the daemons on this machine are" },
        { "top", NULL, "", 0, 0, TAKES(DELAY) | TAKES(COUNT), verb_top,
          "Their figures, again and again" },
        { "monitor", NULL, "", 0, 0, TAKES(COUNT), verb_monitor,
          "What happens, when it happens, a line each" },
        { "check", NULL, "URL", 1, 1, ASKS | TAKES(TIMEOUT), verb_check,
          "Look at a website once, from this machine" },
        { "website", "add", "URL", 1, 1, ASKS | SETS, verb_website_add,
          "Watch a website; prints its id" },
        { "website", "heartbeat", "ID", 1, 1, 0, verb_website_heartbeat,
          "Make the address that it calls; shown this once" },
        { "website", "list", "", 0, 0, 0, verb_website_list, "What is watched" },
        { "website", "pause", "ID", 1, 1, 0, verb_website_pause, "Do not check it for now" },
        { "website", "resume", "ID", 1, 1, 0, verb_website_resume, "Check it again" },
        { "website", "rm", "ID", 1, 1, 0, verb_website_remove, "Watch it no longer" },
        { "website", "set", "ID", 1, 1, ASKS | SETS | TAKES(PARENT), verb_website_set,
          "Change what is set for it; all else stays" },
        { "website", "show", "ID", 1, 1, 0, verb_website_show, "Its state, and since when" },
        { "website", "why", "ID", 1, 1, TAKES(AT), verb_website_why,
          "Why it is what it is, or was: the votes, and the rule" },
        { "incident", "ack", "ID", 1, 1, 0, verb_incident_acknowledge,
          "Say that somebody has seen it" },
        { "incident", "assign", "ID [EMAIL]", 1, 2, 0, verb_incident_assign,
          "Who takes care of it; nobody" },
        { "incident", "list", "", 0, 0, TAKES(STATE), verb_incident_list,
          "What went wrong, newest first" },
        { "incident", "note", "ID TEXT", 2, 2, 0, verb_incident_note,
          "Write something into its timeline" },
        { "incident", "open", "WEBSITE TITLE [TEXT]", 2, 3, 0, verb_incident_open,
          "Report one that no check finds; prints its id" },
        { "incident", "resolve", "ID", 1, 1, 0, verb_incident_resolve,
          "Close one that people reported" },
        { "incident", "show", "ID", 1, 1, 0, verb_incident_show, "One, with its timeline" },
        { "committee", NULL, "WEBSITE [EPOCH]", 1, 2, 0, verb_committee,
          "How its committee was chosen, and whether as was promised" },
        { "maintenance", "add", "", 0, 0,
          TAKES(CRON) | TAKES(DURATION) | TAKES(FROM) | TAKES(TIME_ZONE) | TAKES(TITLE) |
                          TAKES(UNTIL) | TAKES(WEBSITES),
          verb_maintenance_add, "Say when websites are worked at; prints its id" },
        { "maintenance", "list", "", 0, 0, 0, verb_maintenance_list,
          "When they are, and when that is next" },
        { "maintenance", "rm", "ID", 1, 1, 0, verb_maintenance_remove, "Not then, after all" },
        { "validator", "approve", "KEY", 1, 1, TAKES(OPERATOR) | TAKES(REGION) | TAKES(ASN),
          verb_validator_approve, "Let it check, or correct what is known of it" },
        { "validator", "list", "", 0, 0, TAKES(STATE), verb_validator_list,
          "Who checks, and who would like to" },
        { "validator", "show", "KEY", 1, 1, 0, verb_validator_show, "All about one" },
        { "validator", "status", "", 0, 0, 0, verb_validator_status,
          "How the validator on this machine is" },
        { "validator", "suspend", "KEY", 1, 1, 0, verb_validator_suspend,
          "Let it check no longer" },
        { "hub", "reload", "", 0, 0, 0, verb_hub_reload, "Let the hub read its settings again" },
        { "hub", "status", "", 0, 0, 0, verb_hub_status, "How the hub on this machine is" },
        { "alert", "channel add", "KIND NAME TO", 3, 3,
          TAKES(AUTH) | TAKES(FILTER) | TAKES(RULES) | TAKES(SUBJECT) | TAKES(TEXT),
          verb_alert_channel_add,
          "Tell alerts to a URL, addresses or a program; a secret is shown this once" },
        { "alert", "channel enable", "ID", 1, 1, 0, verb_alert_channel_enable,
          "Use it again after it was disabled" },
        { "alert", "channel list", "", 0, 0, 0, verb_alert_channel_list, "Where alerts go" },
        { "alert", "channel operator", "ID YES|NO", 2, 2, 0, verb_alert_channel_operator,
          "Tell it of dpin itself, too: no validators, no disk space, channels that fail" },
        { "alert", "channel rm", "ID", 1, 1, 0, verb_alert_channel_remove,
          "Tell nothing there any more" },
        { "alert", "channel rotate", "ID", 1, 1, 0, verb_alert_channel_rotate,
          "Give a webhook a new secret; the former one is good for a day more" },
        { "alert", "channel set", "ID", 1, 1,
          TAKES(FILTER) | TAKES(NAME) | TAKES(RULES) | TAKES(SETTINGS), verb_alert_channel_set,
          "Change what is given, and nothing else" },
        { "alert", "channel test", "ID", 1, 1, 0, verb_alert_channel_test,
          "Send a test there; prints its id" },
        { "alert", "log", "", 0, 0, TAKES(STATE), verb_alert_log, "What became of alerts" },
        { "alert", "replay", "ID", 1, 1, 0, verb_alert_replay, "Deliver one once more" },
        { "db", "status", "", 0, 0, 0, verb_db_status, "How big the database is, and since when" },
        { "db", "verify", "", 0, 0, 0, verb_db_verify, "What is wrong with it, and what to do" },
        { "organisation", "keep", "ID WHAT DAYS", 3, 3, 0, verb_organisation_keep,
          "For how many days it keeps raw results, or sums by hour; default: as configured" },
        { "organisation", "list", "", 0, 0, 0, verb_organisation_list,
          "Whose websites are watched, and for how long that is kept" },
        { "payout", "approve", "ID", 1, 1, 0, verb_payout_approve, "Let it be paid" },
        { "payout", "list", "", 0, 0, TAKES(STATE), verb_payout_list, "What was asked for" },
        { "payout", "settle", "ID TRANSACTION", 2, 2, 0, verb_payout_settle,
          "Say by which transaction it was paid" },
        { "token", "create", "NAME", 1, 1, TAKES(SCOPE) | TAKES(EXPIRES), verb_token_create,
          "Make a token for the API; shown this once" },
        { "token", "list", "", 0, 0, 0, verb_token_list, "The tokens, without their secrets" },
        { "token", "revoke", "ID", 1, 1, 0, verb_token_revoke, "End a token, at once" },
        { "user", "add", "EMAIL", 1, 1, TAKES(ROLE), verb_user_add, "Add a user; prints the id" },
        { "user", "list", "", 0, 0, 0, verb_user_list, "Who may sign in" },
        { "user", "password", "USER", 1, 1, 0, verb_user_password,
          "Set a password, typed or from the standard input" },
        { "user", "rm", "USER", 1, 1, 0, verb_user_remove, "Let a user in no longer" },
        { "reload", NULL, "[DAEMON...]", 0, 3, 0, verb_reload,
          "Let daemons, or all that run, read their settings again" },
        { "log-level", NULL, "[DAEMON [LEVEL]]", 0, 2, 0, verb_log_level,
          "What the daemons log, or to change it" },
        { "key", "generate", "[FILE]", 0, 1, 0, verb_key_generate,
          "Make a key in a new file, or on the standard output" },
        { "key", "show", "[FILE]", 0, 1, 0, verb_key_show,
          "The public key of a file, or of the standard input" },
        { "decode", NULL, "[FILE]", 0, 1, 0, verb_decode,
          "A signed batch as JSON, from a file or the standard input" },
        { "complete", NULL, "[WORD...]", 0, ARGS_WORDS_MAX - 3, 0, verb_complete,
          "What may follow these words, for shells" },
        { 0 },
};

int verbs_have(const char *noun) {
        for (const Verb *v = verbs; v->noun; v++)
                if (strcmp(v->noun, noun) == 0)
                        return 1;
        return 0;
}

static const char *blank(const Verb *v) {
        return v->name ? " " : "";
}

char *verb_refusal(const Verb *v, const Args *args, unsigned first) {
        const char *name = v->name ? v->name : "";
        unsigned n = args->n_words - first;
        char *text = NULL;
        int r = 0;

        for (int o = 0; o < _OPTION_MAX; o++)
                if (args->options[o] && !verb_takes(v, (Option)o)) {
                        r = asprintf(&text, "%s%s%s takes no --%s", v->noun, blank(v), name,
                                     option_text((Option)o)->name);
                        return r < 0 ? NULL : text;
                }
        if (n < v->min)
                r = asprintf(&text, "%s%s%s needs %s", v->noun, blank(v), name, v->words);
        else if (n > v->max)
                r = asprintf(&text, "%s%s%s: \"%s\" is one word too many", v->noun, blank(v), name,
                             args->words[first + v->max]);
        return r < 0 ? NULL : text;
}

static void print_option(Option o, FILE *to) {
        const OptionText *t = option_text(o);
        char left[40];

        snprintf(left, sizeof(left), "--%s%s%s", t->name, t->metavar ? "=" : "",
                 t->metavar ? t->metavar : "");
        fprintf(to, "  %-20s %s\n", left, t->help);
}

void verb_help(const Verb *v, FILE *to) {
        fprintf(to, "dpinctl %s%s%s%s%s [OPTION...]\n\n%s.\n\n", v->noun, blank(v),
                v->name ? v->name : "", *v->words ? " " : "", v->words, v->summary);
        for (int o = 0; o < _OPTION_MAX; o++)
                if (verb_takes(v, (Option)o))
                        print_option((Option)o, to);
}

static void print_verb(const Verb *v, FILE *to) {
        char left[40];

        snprintf(left, sizeof(left), "%s%s%s %s", v->noun, blank(v), v->name ? v->name : "",
                 v->words);
        fprintf(to, "  %-26s %s\n", left, v->summary);
}

void verbs_help(const char *noun, FILE *to) {
        fputs("dpinctl VERB [OPTION...]\n\n", to);
        for (const Verb *v = verbs; v->noun; v++)
                if (!noun || strcmp(v->noun, noun) == 0)
                        print_verb(v, to);
        fputs("\n", to);
        for (int o = 0; o < _OPTION_MAX; o++)
                if (verb_takes(NULL, (Option)o) || o == OPTION_VERSION)
                        print_option((Option)o, to);
        fputs("\n\"dpinctl VERB --help\" tells more; dpinctl(1) tells all.\n", to);
}
