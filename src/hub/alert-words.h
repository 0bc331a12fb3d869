/* Settings of channels that are secret, passwords and addresses with tokens in them, as they rest
 * in the database: sealed as one text, for one channel, by a key derived from the hub's. */
#pragma once

#include "hub/alert-secret.h"

/* *ret is freed by the caller. 0; -ENOMEM. */
int alert_words_seal(const AlertKeys *k, const Uuid *channel, const char *words, uint8_t **ret,
                     size_t *ret_n);
/* Sealed by the hub, or by others for it. *ret is given back to alert_words_wipe(). 0; -EBADMSG:
 * sealed by another key, for another channel, or damaged; -ENOMEM. */
int alert_words_open(const AlertKeys *k, const Uuid *channel, const uint8_t *sealed, size_t n,
                     char **ret);
/* Overwrites what it frees; NULL is fine. */
char *alert_words_wipe(char *words);
DEFINE_FREEP(char, alert_words_wipe);
