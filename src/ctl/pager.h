/* Long answers go through the reader's pager, when there is a terminal to read at. */
#pragma once

#include "base/macro.h"

typedef struct Pager Pager;

/* What is printed from now on goes there. 0: at once instead: there is no terminal, no pager, or
 * none is wanted (PAGER is empty or cat). */
int pager_open(Pager **ret);
/* Waits until it was read, and prints as before. */
Pager *pager_close(Pager *p);
DEFINE_FREEP(Pager, pager_close);
