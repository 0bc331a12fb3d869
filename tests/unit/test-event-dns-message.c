/* Answers as servers write them, and as they should not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event/dns-message.h"

/* One answer to "a.test", whose record has these data. */
typedef struct Sample {
        uint8_t bytes[512];
        size_t n;
} Sample;

static Sample sample(const char *type, const void *data, size_t n) {
        static const uint8_t head[] = { 0, 7,   0x81, 0x80, 0,   1,   0,   1, 0, 0, 0, 0,
                                        1, 'a', 4,    't',  'e', 's', 't', 0, 0, 1, 0, 1 };
        uint16_t number = dns_type_from_name(type);
        uint8_t record[12] = { 0xc0, 12, (uint8_t)(number >> 8), (uint8_t)number, 0, 1, 0, 0,
                               0,    60, (uint8_t)(n >> 8),      (uint8_t)n };
        Sample s = { .n = sizeof(head) + sizeof(record) + n };

        memcpy(s.bytes, head, sizeof(head));
        memcpy(s.bytes + sizeof(head), record, sizeof(record));
        memcpy(s.bytes + sizeof(head) + sizeof(record), data, n);
        return s;
}

static int read_as(const Sample *s, const char *type, DnsMessage *ret) {
        return dns_message_read(s->bytes, s->n, dns_type_from_name(type), ret);
}

#define ROW(type, data, text)                                                                      \
        { type, data, sizeof(data) - 1, text }

static void records_are_written_as_people_do(void **state) {
        static const struct {
                const char *type, *data;
                size_t n;
                const char *text;
        } rows[] = {
                ROW("A", "\300\0\2\1", "192.0.2.1"),
                ROW("AAAA", "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1"),
                ROW("CNAME", "\3www\300\14", "www.a.test"),
                ROW("NS", "\2ns\4test\0", "ns.test"),
                ROW("PTR", "\0", "."),
                ROW("MX", "\0\12\4mail\300\14", "10 mail.a.test"),
                ROW("MX", "\0\0\0", "0 ."),
                ROW("SRV", "\0\1\0\2\1\273\300\16", "1 2 443 test"),
                ROW("TXT", "\5v=spf\3 \"x", "v=spf \"x"),
                ROW("TXT", "\3\0\\\377", "\\000\\\\\\255"),
                ROW("TXT", "\0", ""),
                ROW("SOA", "\2ns\300\16\4root\300\16\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5",
                    "ns.test root.test 1 2 3 4 5"),
                ROW("CAA", "\200\5issueca.test", "128 issue ca.test"),
                ROW("CNAME", "\5a.b c\300\16", "a\\.b\\032c.test"),
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Sample s = sample(rows[i].type, rows[i].data, rows[i].n);
                DnsMessage m;

                assert_int_equal(read_as(&s, rows[i].type, &m), 0);
                assert_int_equal(m.n, 1);
                assert_string_equal(m.records[0], rows[i].text);
                dns_message_done(&m);
        }
}

static void what_is_malformed_is_refused(void **state) {
        static const struct {
                const char *type, *data;
                size_t n;
                const char *text;
        } rows[] = {
                ROW("A", "\300\0\2", ""),
                ROW("A", "\300\0\2\1\1", ""),
                ROW("AAAA", "\300\0\2\1", ""),
                ROW("CNAME", "\3ww", ""),
                ROW("CNAME", "", ""),
                ROW("CNAME", "\3www\300", ""),
                ROW("CNAME", "\300\377", ""),   /* behind the end */
                ROW("CNAME", "\300\44", ""),    /* to itself */
                ROW("CNAME", "\1x\300\44", ""), /* to its own beginning */
                ROW("CNAME", "\100x", ""),      /* a label of no known kind */
                ROW("CNAME", "\300\14x", ""),   /* more behind it */
                ROW("MX", "\0", ""),
                ROW("TXT", "\5abc", ""),
                ROW("CAA", "\0\5iss", ""),
                ROW("SOA", "\0\0\0\0\0\1", ""),
        };
        DnsMessage m;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Sample s = sample(rows[i].type, rows[i].data, rows[i].n);

                assert_int_equal(read_as(&s, rows[i].type, &m), -EBADMSG);
        }
}

static void any_end_before_the_end_is_refused(void **state) {
        Sample s = sample("A", "\300\0\2\1", 4);
        DnsMessage m;

        (void)state;
        for (size_t n = 0; n < s.n; n++)
                assert_int_equal(dns_message_read(s.bytes, n, 1, &m), -EBADMSG);
        s.bytes[2] = 0x01; /* a question is no answer */
        assert_int_equal(read_as(&s, "A", &m), -EBADMSG);
}

static void codes_and_other_types_are_told(void **state) {
        Sample s = sample("A", "\300\0\2\1", 4);
        DnsMessage m;

        (void)state;
        s.bytes[2] |= 2;
        s.bytes[3] |= 3;
        assert_int_equal(read_as(&s, "AAAA", &m), 0);
        assert_int_equal(m.n, 0);
        assert_int_equal(m.rcode, 3);
        assert_true(m.truncated);
        assert_string_equal(dns_rcode_name(3), "NXDOMAIN");
        assert_null(dns_rcode_name(16));
        assert_int_equal(dns_rcode_from_name("REFUSED"), 5);
        assert_int_equal(dns_rcode_from_name("refused"), -EINVAL);
        assert_int_equal(dns_type_from_name("ANY"), 0);
        assert_int_equal(dns_type_from_name("CAA"), 257);
}

static void records_are_counted_and_cut(void **state) {
        uint8_t many[20000] = { 0, 7, 0x81, 0x80, 0, 0, 0, 200 };
        char text[1600];
        Sample s;
        DnsMessage m;
        size_t at = 12;

        (void)state;
        for (int i = 0; i < 200; i++) {
                memcpy(many + at, "\0\0\1\0\1\0\0\0\0\0\4\300\0\2\1", 15);
                at += 15;
        }
        assert_int_equal(dns_message_read(many, at, 1, &m), 0);
        assert_int_equal(m.n, DNS_RECORDS_MAX);
        dns_message_done(&m);
        memset(text, 1, sizeof(text));
        s = sample("TXT", text, 400);
        assert_int_equal(read_as(&s, "TXT", &m), 0);
        assert_int_equal(strlen(m.records[0]), 4 * 200);
        dns_message_done(&m);
        memset(text, 0xff, sizeof(text));
        text[0] = (char)255;
        s = sample("TXT", text, 256);
        assert_int_equal(read_as(&s, "TXT", &m), 0);
        assert_int_equal(strlen(m.records[0]), 4 * 255);
        dns_message_done(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(records_are_written_as_people_do),
                cmocka_unit_test(what_is_malformed_is_refused),
                cmocka_unit_test(any_end_before_the_end_is_refused),
                cmocka_unit_test(codes_and_other_types_are_told),
                cmocka_unit_test(records_are_counted_and_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
