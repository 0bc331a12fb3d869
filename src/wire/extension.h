/* The signed extension area at the end of batch headers, orders and receipts:
 *
 *      (type u8 | length u16 | value)*      types strictly ascending, at most 1,024 bytes in all
 *
 * A type of 128 or above that the reader does not know makes the statement unreadable; an unknown
 * one below 128 is ignored, but kept, as it is signed. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define EXTENSION_MAX      1024
#define EXTENSION_CRITICAL 128

/* Borrowed bytes of a whole area; { NULL, 0 } is the empty one. */
typedef struct Extension {
        const uint8_t *bytes;
        size_t n;
} Extension;

/* 0; -EBADMSG: malformed, not ascending, too long; -EPROTONOSUPPORT: a critical type other than
 * `known` (0: none known). */
int extension_check(const Extension *e, uint8_t known);
/* 1: *ret borrows the value. 0: absent. The area must have passed extension_check(). */
int extension_find(const Extension *e, uint8_t type, Extension *ret);
