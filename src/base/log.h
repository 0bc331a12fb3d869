/* Structured logging: to the journal when stderr is connected to it, else one line per event on
 * stderr. Layers base to store call only log_debug(); the module that decides logs, once. Never log
 * secrets or payloads. */
#pragma once

#include <syslog.h>

#include "base/macro.h"

/* Messages above this syslog level are dropped; default LOG_INFO. */
void log_set_level(int level);
int log_get_level(void);
/* "emerg" to "debug", the names of syslog; an unknown name is -EINVAL and changes nothing. */
int log_set_level_name(const char *name);
const char *log_level_name(int level);

/* message is plain text; fields is a printf format of journal fields, one per line:
 * "DPIN_VALIDATOR=%s\nDPIN_WEBSITE=%s". message_id is one of base/log-ids.h. Control characters in
 * values are printed as "?". */
void log_event(int level, const char *message_id, const char *message, const char *fields, ...)
                _printf_(4, 5);

void log_print(int level, const char *format, ...) _printf_(2, 3);
#define log_debug(...)   log_print(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)    log_print(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_error(...)   log_print(LOG_ERR, __VA_ARGS__)
