/* The file's removal is the test and the claim in one, so of many programs with one folder one dies
 * for each file. */
#include "base/failpoint.h"

#ifdef DPIN_FAILPOINTS
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void failpoint(const char *name) {
        const char *folder = getenv("DPIN_FAILPOINTS");
        char path[PATH_MAX];

        if (!folder || snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
                return;
        if (unlink(path) == 0)
                (void)raise(SIGKILL);
}
#endif
