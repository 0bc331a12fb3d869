/* The words of a JSON text, strictly by RFC 8259; json-c is more lenient (quotes, NaN, control
 * characters). Whether the words make sense in this order is left to json-c. */
#pragma once

#include <stddef.h>

#define JSON_DEPTH_MAX 16

/* Counts object members in *ret_members, duplicates included. 0, or -EBADMSG: invalid UTF-8, no
 * JSON word, an escaped NUL or half of a surrogate pair, a comma before a closing bracket, or
 * nested deeper than JSON_DEPTH_MAX. */
int json_scan(const char *text, size_t n, size_t *ret_members);
