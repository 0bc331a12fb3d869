/* Any bytes as an answer of DNS: what is read is bounded, can be seen, and is the same every time.
 */
#include "event/dns-message.h"
#include "property.h"

static void check_record(const char *text) {
        PROPERTY(strlen(text) < DNS_TEXT_MAX);
        for (const char *c = text; *c; c++)
                PROPERTY(*c >= ' ' && *c <= '~');
}

static void check_type(const uint8_t *data, size_t size, const char *name) {
        uint16_t type = dns_type_from_name(name);
        DnsMessage m = {}, again = {};

        PROPERTY(type != 0);
        if (dns_message_read(data, size, type, &m) < 0) {
                PROPERTY(m.n == 0);
                return;
        }
        PROPERTY(m.rcode < 16 && m.n <= DNS_RECORDS_MAX && m.n <= size / 11);
        PROPERTY(dns_message_read(data, size, type, &again) == 0 && again.n == m.n);
        for (unsigned i = 0; i < m.n; i++) {
                check_record(m.records[i]);
                PROPERTY(strcmp(m.records[i], again.records[i]) == 0);
        }
        dns_message_done(&m);
        dns_message_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const names[] = { "A",  "AAAA", "CAA", "CNAME", "MX",
                                             "NS", "PTR",  "SOA", "SRV",   "TXT" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                check_type(data, size, names[i]);
        return 0;
}
