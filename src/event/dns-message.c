/* One walk over the message, by a reader that cannot leave it. */
#include "event/dns-message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wire/bytes.h"

#define HEADER_SIZE 12
#define FLAG_ANSWER 0x8000
#define FLAG_CUT    0x0200
#define LABEL_MAX   63
#define NAME_BYTES  255
#define POINTER     0xc0

enum {
        TYPE_A = 1,
        TYPE_NS = 2,
        TYPE_CNAME = 5,
        TYPE_SOA = 6,
        TYPE_PTR = 12,
        TYPE_MX = 15,
        TYPE_TXT = 16,
        TYPE_AAAA = 28,
        TYPE_SRV = 33,
        TYPE_CAA = 257,
};

static const struct {
        const char *name;
        uint16_t type;
} types[] = {
        { "A", TYPE_A },     { "AAAA", TYPE_AAAA }, { "CAA", TYPE_CAA }, { "CNAME", TYPE_CNAME },
        { "MX", TYPE_MX },   { "NS", TYPE_NS },     { "PTR", TYPE_PTR }, { "SOA", TYPE_SOA },
        { "SRV", TYPE_SRV }, { "TXT", TYPE_TXT },
};

static const char *const rcodes[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                      "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                      "NXRRSET", "NOTAUTH", "NOTZONE" };

/* Text that is cut where it is full. */
typedef struct Text {
        char at[DNS_TEXT_MAX];
        size_t n;
} Text;

typedef struct Message {
        const uint8_t *bytes;
        size_t n;
} Message;

uint16_t dns_type_from_name(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (strcmp(types[i].name, name) == 0)
                        return types[i].type;
        return 0;
}

const char *dns_rcode_name(unsigned rcode) {
        return rcode < ELEMENTSOF(rcodes) ? rcodes[rcode] : NULL;
}

int dns_rcode_from_name(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(rcodes); i++)
                if (strcmp(rcodes[i], name) == 0)
                        return (int)i;
        return -EINVAL;
}

/* Text ----------------------------------------------------------------------------------------- */

static void put_text(Text *t, const char *text) {
        size_t n = MIN(strlen(text), sizeof(t->at) - 1 - t->n);

        memcpy(t->at + t->n, text, n);
        t->n += n;
        t->at[t->n] = '\0';
}

static void put_number(Text *t, uint32_t value, const char *behind) {
        char text[16];

        snprintf(text, sizeof(text), "%u%s", value, behind);
        put_text(t, text);
}

/* RFC 1035, 5.1: what cannot be seen is written \DDD. */
static void put_byte(Text *t, uint8_t byte, const char *special) {
        char text[8];

        if (byte < ' ' || byte > '~' || (byte == ' ' && strchr(special, ' ')))
                snprintf(text, sizeof(text), "\\%03u", byte);
        else
                snprintf(text, sizeof(text), "%s%c", strchr(special, byte) ? "\\" : "", byte);
        put_text(t, text);
}

static void put_label(Text *t, const uint8_t *label, size_t n) {
        if (t->n > 0 && t->at[t->n - 1] != ' ')
                put_text(t, ".");
        for (size_t i = 0; i < n; i++)
                put_byte(t, label[i], " .\\");
}

/* Names ---------------------------------------------------------------------------------------- */

/* The offset behind the name at `at`; 0: it is none. text may be NULL. A pointer leads to what
 * stands before, so there is an end. */
static size_t read_name(const Message *m, size_t at, Text *text) {
        size_t end = 0, bytes = 0, limit = at;

        while (at < m->n) {
                uint8_t n = m->bytes[at];

                if ((n & POINTER) == POINTER) {
                        size_t to = at + 1 < m->n ? get_u16(m->bytes + at) & 0x3fffu : m->n;

                        end = end ? end : at + 2;
                        if (to >= limit)
                                return 0;
                        at = limit = to;
                        continue;
                }
                bytes += n + 1u;
                if (n > LABEL_MAX || bytes > NAME_BYTES || at + 1 + n > m->n)
                        return 0;
                if (n == 0)
                        return end ? end : at + 1;
                if (text)
                        put_label(text, m->bytes + at + 1, n);
                at += 1u + n;
        }
        return 0;
}

/* A name inside of a record, which ends where the record does or before. */
static bool put_name(Text *t, const Message *m, ByteReader *r) {
        size_t at = (size_t)(r->at - m->bytes), before = t->n, end = read_name(m, at, t);

        if (end == 0 || end > (size_t)(r->end - m->bytes))
                return false;
        if (t->n == before)
                put_text(t, "."); /* the root */
        r->at = m->bytes + end;
        return true;
}

/* Records -------------------------------------------------------------------------------------- */

static bool put_address(Text *t, ByteReader *r, int family, size_t size) {
        char text[INET6_ADDRSTRLEN];
        const uint8_t *bytes = read_slice(r, size);

        if (!bytes || !inet_ntop(family, bytes, text, sizeof(text)))
                return false;
        put_text(t, text);
        return true;
}

static bool put_strings(Text *t, ByteReader *r) {
        while (!r->failed && read_left(r) > 0) {
                uint8_t n = read_u8(r);
                const uint8_t *bytes = read_slice(r, n);

                for (size_t i = 0; bytes && i < n; i++)
                        put_byte(t, bytes[i], "\\");
        }
        return true;
}

static bool put_soa(Text *t, const Message *m, ByteReader *r) {
        if (!put_name(t, m, r))
                return false;
        put_text(t, " ");
        if (!put_name(t, m, r))
                return false;
        for (int i = 0; i < 5; i++) {
                put_text(t, " ");
                put_number(t, read_u32(r), "");
        }
        return true;
}

static bool put_caa(Text *t, ByteReader *r) {
        uint8_t n, byte;

        put_number(t, read_u8(r), " ");
        n = read_u8(r);
        for (uint8_t i = 0; i < n; i++)
                put_byte(t, read_u8(r), " \\");
        put_text(t, " ");
        while (!r->failed && read_left(r) > 0) {
                byte = read_u8(r);
                put_byte(t, byte, "\\");
        }
        return true;
}

static bool put_record(Text *t, const Message *m, uint16_t type, ByteReader *r) {
        switch (type) {
        case TYPE_A:
                return put_address(t, r, AF_INET, 4);
        case TYPE_AAAA:
                return put_address(t, r, AF_INET6, 16);
        case TYPE_NS:
        case TYPE_CNAME:
        case TYPE_PTR:
                return put_name(t, m, r);
        case TYPE_SRV:
                put_number(t, read_u16(r), " ");
                put_number(t, read_u16(r), " ");
                put_number(t, read_u16(r), " ");
                return put_name(t, m, r);
        case TYPE_MX:
                put_number(t, read_u16(r), " ");
                return put_name(t, m, r);
        case TYPE_SOA:
                return put_soa(t, m, r);
        case TYPE_CAA:
                return put_caa(t, r);
        default:
                return put_strings(t, r);
        }
}

static int keep(DnsMessage *ret, const Text *t) {
        if (ret->n == DNS_RECORDS_MAX)
                return 0;
        ret->records[ret->n] = strdup(t->at);
        if (!ret->records[ret->n])
                return -ENOMEM;
        ret->n++;
        return 0;
}

/* Moves *at behind the name, its type and class. false: malformed. */
static bool skip_question(const Message *m, size_t *at) {
        size_t end = read_name(m, *at, NULL);

        if (end == 0 || end + 4 > m->n)
                return false;
        *at = end + 4;
        return true;
}

static int read_record(const Message *m, size_t *at, uint16_t wanted, DnsMessage *ret) {
        size_t head = read_name(m, *at, NULL), n;
        uint16_t type;
        ByteReader r;
        Text text = {};

        if (head == 0 || head + 10 > m->n)
                return -EBADMSG;
        type = get_u16(m->bytes + head);
        n = get_u16(m->bytes + head + 8);
        if (n > m->n - head - 10)
                return -EBADMSG;
        *at = head + 10 + n;
        if (type != wanted)
                return 0;
        r = byte_reader(m->bytes + head + 10, n);
        if (!put_record(&text, m, type, &r) || read_finish(&r) < 0)
                return -EBADMSG;
        return keep(ret, &text);
}

static int read_sections(const Message *m, uint16_t type, DnsMessage *ret) {
        unsigned questions = get_u16(m->bytes + 4), answers = get_u16(m->bytes + 6);
        size_t at = HEADER_SIZE;
        int r = 0;

        for (unsigned i = 0; i < questions; i++)
                if (!skip_question(m, &at))
                        return -EBADMSG;
        for (unsigned i = 0; i < answers && r == 0; i++)
                r = read_record(m, &at, type, ret);
        return r;
}

int dns_message_read(const void *bytes, size_t n, uint16_t type, DnsMessage *ret) {
        Message m = { bytes, n };
        DnsMessage message = {};
        unsigned flags;
        int r;

        if (n < HEADER_SIZE)
                return -EBADMSG;
        flags = get_u16(m.bytes + 2);
        if (!(flags & FLAG_ANSWER))
                return -EBADMSG;
        message.rcode = flags & 0x0f;
        message.truncated = flags & FLAG_CUT;
        r = read_sections(&m, type, &message);
        if (r < 0) {
                dns_message_done(&message);
                return r;
        }
        *ret = message;
        return 0;
}

void dns_message_done(DnsMessage *m) {
        for (unsigned i = 0; i < m->n; i++)
                free(m->records[i]);
        m->n = 0;
}
