/* Points at which a test can make a program die: exactly there, as no signal from outside could.
 *
 * Only builds with DPIN_FAILPOINTS, those of ./dev, have them: in any other nothing is left, not
 * even their names. A point is armed by a file of its name in the folder that the environment's
 * DPIN_FAILPOINTS names. The program that comes by removes the file and is gone by SIGKILL, with no
 * word said. */
#pragma once

#ifdef DPIN_FAILPOINTS
void failpoint(const char *name);
#else
#define failpoint(name) ((void)0)
#endif
