/* Settings: an INI file, its drop-ins (NAME.conf.d/, sorted by name), the environment, then
 * credentials; all named by one table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/time.h"

typedef enum ConfType {
        CONF_BOOL,     /* bool: yes/no/true/false/on/off/1/0 */
        CONF_SECRET,   /* char *, never printed; a systemd credential of the field's name wins */
        CONF_STRING,   /* char * */
        CONF_UNSIGNED, /* uint64_t */
        CONF_USEC,     /* usec_t: "500ms", "10s", "5min", "2h", "7d"; plain numbers are seconds */
} ConfType;

typedef struct ConfField {
        const char *name; /* key in any section; matched without regard to case */
        ConfType type;
        uint64_t min, max;    /* of numbers, times in us; a max of 0 is none */
        const char *fallback; /* default as text; NULL: empty string member stays NULL */
        size_t offset;
        const char *environment; /* variable that overrides, or NULL */
} ConfField;

/* fields end with a field without name; conf is zeroed by the caller. Loads defaults, then path
 * (NULL: no file; absence is fine when optional_file), its drop-ins, the environment, where an
 * empty variable counts as unset, and the credentials of secrets. 0; -EINVAL with a sentence
 * "FILE:LINE: reason" in *error (freed by the caller); -ENOMEM. After a failure conf owns nothing:
 * keep the old struct on reload. A line holds at most 198 characters, inih's limit. */
int conf_load(const ConfField *fields, const char *path, bool optional_file, void *conf,
              char **error);
/* Frees strings. */
void conf_done(const ConfField *fields, void *conf);
/* Prints the settings that conf_load() gave for path as INI, secrets as "***", each with a comment
 * that says where it came from. 0; -ENOMEM; -EINVAL: a file changed meanwhile. */
int conf_print(const ConfField *fields, const char *path, const void *conf, FILE *f);

/* A secret, as it is, by systemd credential NAME ($CREDENTIALS_DIRECTORY), else by file path
 * (either may be NULL). 1: read into *ret (NUL-terminated, freed by the caller; ret_n may be NULL),
 * 0: neither exists. -EPERM: a file others have access to; -EFBIG: over 64 KiB; -EINVAL: no regular
 * file. */
int conf_read_secret(const char *name, const char *path, char **ret, size_t *ret_n);
/* What such an error means, as the end of a sentence about the secret. */
const char *conf_secret_error(int r);
