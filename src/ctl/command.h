/* One verb of dpinctl: what it is called, what it takes, what it does. */
#pragma once

#include "ctl/args.h"

/* The exit codes of dpinctl, for scripts: never changed. */
typedef enum CtlExit {
        CTL_OK = 0,
        CTL_FAILED = 1,
        CTL_USAGE = 2,
        CTL_NOT_FOUND = 3,
        CTL_DENIED = 4,
        CTL_UNAVAILABLE = 5,
} CtlExit;

typedef struct Verb {
        const char *noun, *name; /* name NULL: the noun alone; it may be two words */
        const char *words;       /* what follows, for people: "URL" */
        unsigned min, max;       /* how many of them */
        uint64_t options;        /* OPTION_BIT(Option); those of all verbs are not named here */
        CtlExit (*run)(const Args *args, const char *const *words); /* words: NULL where absent */
        const char *summary;
} Verb;

CtlExit verb_alert_channel_add(const Args *args, const char *const *words);
CtlExit verb_alert_channel_enable(const Args *args, const char *const *words);
CtlExit verb_alert_channel_operator(const Args *args, const char *const *words);
CtlExit verb_alert_channel_list(const Args *args, const char *const *words);
CtlExit verb_alert_channel_remove(const Args *args, const char *const *words);
CtlExit verb_alert_channel_rotate(const Args *args, const char *const *words);
CtlExit verb_alert_channel_set(const Args *args, const char *const *words);
CtlExit verb_alert_channel_test(const Args *args, const char *const *words);
CtlExit verb_alert_log(const Args *args, const char *const *words);
CtlExit verb_alert_replay(const Args *args, const char *const *words);
CtlExit verb_check(const Args *args, const char *const *words);
CtlExit verb_committee(const Args *args, const char *const *words);
CtlExit verb_complete(const Args *args, const char *const *words);
CtlExit verb_db_status(const Args *args, const char *const *words);
CtlExit verb_db_verify(const Args *args, const char *const *words);
CtlExit verb_decode(const Args *args, const char *const *words);
CtlExit verb_hub_reload(const Args *args, const char *const *words);
CtlExit verb_hub_status(const Args *args, const char *const *words);
CtlExit verb_incident_acknowledge(const Args *args, const char *const *words);
CtlExit verb_incident_assign(const Args *args, const char *const *words);
CtlExit verb_incident_list(const Args *args, const char *const *words);
CtlExit verb_incident_note(const Args *args, const char *const *words);
CtlExit verb_incident_open(const Args *args, const char *const *words);
CtlExit verb_incident_resolve(const Args *args, const char *const *words);
CtlExit verb_incident_show(const Args *args, const char *const *words);
CtlExit verb_key_generate(const Args *args, const char *const *words);
CtlExit verb_key_show(const Args *args, const char *const *words);
CtlExit verb_log_level(const Args *args, const char *const *words);
CtlExit verb_monitor(const Args *args, const char *const *words);
CtlExit verb_organisation_keep(const Args *args, const char *const *words);
CtlExit verb_organisation_list(const Args *args, const char *const *words);
CtlExit verb_payout_approve(const Args *args, const char *const *words);
CtlExit verb_payout_list(const Args *args, const char *const *words);
CtlExit verb_payout_settle(const Args *args, const char *const *words);
CtlExit verb_reload(const Args *args, const char *const *words);
CtlExit verb_status(const Args *args, const char *const *words);
CtlExit verb_token_create(const Args *args, const char *const *words);
CtlExit verb_token_list(const Args *args, const char *const *words);
CtlExit verb_token_revoke(const Args *args, const char *const *words);
CtlExit verb_top(const Args *args, const char *const *words);
CtlExit verb_user_add(const Args *args, const char *const *words);
CtlExit verb_user_list(const Args *args, const char *const *words);
CtlExit verb_user_password(const Args *args, const char *const *words);
CtlExit verb_user_remove(const Args *args, const char *const *words);
CtlExit verb_validator_approve(const Args *args, const char *const *words);
CtlExit verb_validator_list(const Args *args, const char *const *words);
CtlExit verb_validator_show(const Args *args, const char *const *words);
CtlExit verb_validator_status(const Args *args, const char *const *words);
CtlExit verb_validator_suspend(const Args *args, const char *const *words);
CtlExit verb_website_heartbeat(const Args *args, const char *const *words);
CtlExit verb_website_add(const Args *args, const char *const *words);
CtlExit verb_website_list(const Args *args, const char *const *words);
CtlExit verb_website_pause(const Args *args, const char *const *words);
CtlExit verb_website_remove(const Args *args, const char *const *words);
CtlExit verb_website_resume(const Args *args, const char *const *words);
CtlExit verb_website_set(const Args *args, const char *const *words);
CtlExit verb_website_show(const Args *args, const char *const *words);
CtlExit verb_website_why(const Args *args, const char *const *words);
CtlExit verb_maintenance_add(const Args *args, const char *const *words);
CtlExit verb_maintenance_list(const Args *args, const char *const *words);
CtlExit verb_maintenance_remove(const Args *args, const char *const *words);
