/* Secrets: typed without an echo, or of the standard input. None is ever an argument. */
#pragma once

/* A new password, typed twice, or all of the standard input. A sealed descriptor that stands at its
 * beginning, to be closed by the caller. -ECANCELED: what was typed differs; -ENODATA: nothing
 * came; -EFBIG; else of the terminal or memory. */
int password_descriptor(void);
/* A secret that is known, typed after this question, or the first line of the standard input; freed
 * by the caller. 0; -ENODATA, -EFBIG and others as above; -ENOMEM. */
int password_text(const char *question, char **ret);
