/* An INI file and its drop-ins, as a sequence of settings with their places; what they mean is
 * conf.c's. */
#pragma once

#include <stdbool.h>

#include "base/macro.h"

typedef struct ConfSetting {
        const char *name, *value;
        const char *from; /* "FILE:LINE", or another source */
} ConfSetting;

typedef struct ConfReader {
        /* Negative ends the reading and is returned; -EINVAL with a sentence in *error. */
        int (*setting)(void *userdata, const ConfSetting *setting, char **error);
        void *userdata;
} ConfReader;

/* path, absent if optional, then PATH.d/NAME.conf sorted by name. 0; -EINVAL with a sentence
 * "FILE:LINE: reason" in *error, freed by the caller; -ENOMEM. */
int conf_file_read(const ConfReader *reader, const char *path, bool optional, char **error);
/* -EINVAL with the sentence in *error, or -ENOMEM. */
int conf_refuse(char **error, const char *format, ...) _printf_(2, 3);
