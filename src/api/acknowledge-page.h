/* What whoever follows the link of an alert sees: the incident and a button, or why there is none.
 * HTML without style or script; what comes from others is text in it. Pure. */
#pragma once

#include <stdio.h>

#include "store/acknowledge-links.h"

/* *ret is freed by the caller. 0; -ENOMEM. */
int acknowledge_page(const LinkRow *row, char **ret);
/* The same without an incident: a sentence or two. */
int acknowledge_page_plain(const char *text, char **ret);
/* Text as HTML has it, in double quotes too. */
void html_put(FILE *to, const char *text);
