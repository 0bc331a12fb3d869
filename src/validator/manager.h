/* The validator as a whole: knows every module, nobody but main() and the bus knows it. */
#pragma once

#include "base/refusals.h"
#include "event/daemon.h"
#include "validator/check.h"
#include "validator/conf.h"
#include "validator/status.h"

typedef struct ValidatorManager ValidatorManager;

typedef struct ValidatorManagerOptions {
        const ValidatorConf *conf; /* borrowed */
        /* Reads the settings again. Negative: refused, *error says why, freed by the caller. */
        int (*reload)(char **error, void *userdata);
        void (*changed)(void *userdata); /* what validator_manager_status() says may be another */
        void *userdata;
} ValidatorManagerOptions;

int validator_manager_new(ValidatorManager **ret, Daemon *daemon,
                          const ValidatorManagerOptions *options);
ValidatorManager *validator_manager_free(ValidatorManager *m);
DEFINE_FREEP(ValidatorManager, validator_manager_free);
/* Seals what was seen, says bye, then daemon_finished(). */
void validator_manager_stop(ValidatorManager *m);

void validator_manager_status(const ValidatorManager *m, ValidatorStatus *ret);
/* What was not done since the start, by reason. */
void validator_manager_refused(const ValidatorManager *m, RefusalsTotal total, void *userdata);
int validator_manager_reload(ValidatorManager *m, char **error);
/* Borrowed. */
Checker *validator_manager_checker(ValidatorManager *m);
