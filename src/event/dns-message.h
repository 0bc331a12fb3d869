/* Answers of DNS (RFC 1035) in text: their code, and the records of one type as people write them.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

#define DNS_RECORDS_MAX 64   /* more are not looked at */
#define DNS_TEXT_MAX    1024 /* of one record; longer ones are cut */

typedef struct DnsMessage {
        unsigned rcode; /* 0..15 */
        bool truncated;
        unsigned n;
        char *records[DNS_RECORDS_MAX]; /* "192.0.2.1", "10 mail.example.org", a TXT's characters */
} DnsMessage;

/* Records of this type in the answer section, whoever's they are: a CNAME leads to them. 0, and
 * *ret is to be done; -EBADMSG: malformed, or no answer at all; -ENOMEM. */
int dns_message_read(const void *bytes, size_t n, uint16_t type, DnsMessage *ret);
void dns_message_done(DnsMessage *m);

/* "A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"; 0: any other. */
uint16_t dns_type_from_name(const char *name);
/* "NOERROR", "NXDOMAIN" ...; NULL and -EINVAL: it has no name here. */
const char *dns_rcode_name(unsigned rcode);
int dns_rcode_from_name(const char *name);
