/* A new password: typed twice without an echo, or all of the standard input. It is never an
 * argument. */
#pragma once

/* A sealed descriptor that stands at its beginning, to be closed by the caller. -ECANCELED: what
 * was typed differs; -ENODATA: nothing came; -EFBIG; else of the terminal or memory. */
int password_descriptor(void);
