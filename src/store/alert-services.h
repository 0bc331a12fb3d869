/* Services that alerts reach through Apprise, by what its URLs begin with. It knows more of them:
 * only these are let through, here and once more by dpin-apprise. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ALERT_SERVICE_SIZE 16 /* bytes of a name, with its NUL */

/* name: n bytes, perhaps of a longer text. */
bool alert_service_is_known(const char *name, size_t n);
