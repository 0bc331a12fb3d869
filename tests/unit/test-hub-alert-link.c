/* Who is told of an open incident can acknowledge it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/alert-link.h"
#include "wire/acknowledge.h"

#define BASE "https://dpin.example/watch"

static SignKey *make_key(void) {
        static const uint8_t seed[SIGN_SEED_SIZE] = { 1 };
        SignKey *k = NULL;

        assert_int_equal(sign_key_from_seed(seed, &k), 0);
        return k;
}

static int offer(const char *public_url, const char *event, const char *json, AlertFacts *ret) {
        _cleanup_(sign_key_freep) SignKey *k = make_key();
        const Uuid channel = { { 7 } };

        assert_int_equal(alert_facts_read(json, ret), 0);
        return alert_link_offer(&(const AlertLinkMaker){ k, public_url, &channel, USEC_PER_DAY },
                                event, ret);
}

static void of_this_incident_and_channel(void **state _unused_) {
        _cleanup_(sign_key_freep) SignKey *k = make_key();
        char id[UUID_TEXT_SIZE];
        AcknowledgeLink l;
        AlertFacts f;

        assert_int_equal(offer(BASE, "incident.reminder",
                               "{\"incidentId\": \"01890000-0000-7000-8000-000000000001\"}", &f),
                         0);
        assert_memory_equal(f.acknowledge, BASE ACKNOWLEDGE_PATH, strlen(BASE ACKNOWLEDGE_PATH));
        assert_int_equal(acknowledge_read(f.acknowledge + strlen(BASE ACKNOWLEDGE_PATH),
                                          sign_key_public(k), &l),
                         0);
        assert_string_equal(uuid_format(&l.incident, id), f.incident);
        assert_int_equal(l.channel.bytes[0], 7);
        assert_int_equal(l.day, 1 + ACKNOWLEDGE_DAYS);
        alert_facts_done(&f);
}

static void expect_none(const char *public_url, const char *event, const char *json) {
        AlertFacts f;

        assert_int_equal(offer(public_url, event, json, &f), 0);
        assert_null(f.acknowledge);
        alert_facts_done(&f);
}

static void not_of_what_cannot_be_acknowledged(void **state _unused_) {
        static const char open[] = "{\"incidentId\": \"01890000-0000-7000-8000-000000000001\"}";

        expect_none(NULL, "incident.opened", open);
        expect_none(BASE, "test", open);
        expect_none(BASE, "incident.opened", "{}");
        expect_none(BASE, "incident.resolved",
                    "{\"incidentId\": \"01890000-0000-7000-8000-000000000001\","
                    " \"closedAt\": \"2026-01-02T03:04:05.000006Z\"}");
}

static void an_id_that_is_none(void **state _unused_) {
        AlertFacts f;

        assert_int_equal(offer(BASE, "incident.opened", "{\"incidentId\": \"x\"}", &f), -EINVAL);
        assert_null(f.acknowledge);
        alert_facts_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(of_this_incident_and_channel),
                cmocka_unit_test(not_of_what_cannot_be_acknowledged),
                cmocka_unit_test(an_id_that_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
