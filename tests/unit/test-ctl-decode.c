/* Frames as JSON, whatever is in them. */
#include <errno.h>

#include "wire-fixture.h"

#include "ctl/decode.h"

static uint8_t frame[BATCH_FRAME_MAX];
static Tick ticks[BATCH_TICKS_MAX];

static char *decode(const BatchDraft *d) {
        _cleanup_(sign_key_freep) SignKey *k = fixture_key(SEED_VALIDATOR);
        PublicKey network = fixture_public(SEED_NETWORK);
        char *text = NULL;
        Hash hash;
        int n;

        n = batch_seal(d, k, &network, frame, &hash);
        assert_true(n > 0);
        assert_int_equal(decode_batch(frame, (size_t)n, &text), 0);
        return text;
}

static void has(const char *text, const char *part) {
        if (!strstr(text, part))
                fail_msg("%s is not in %s", part, text);
}

static void a_batch_tells_its_ticks(void **state _unused_) {
        BatchDraft d = fixture_draft(ticks, 2);
        _cleanup_free_ char *text = decode(&d);

        has(text, "\"type\":\"batch\"");
        has(text, "\"createdAt\":\"20");
        has(text, "\"clockOffsetUs\":\"-250\"");
        has(text, "\"ticks\":[{\"order\":\"");
        has(text, "\"kind\":\"");
        has(text, "\"outcome\":\"");
        has(text, "\"phasesUs\":{\"dns\":");
        assert_null(strstr(text, "\"lost\""));
}

static void addresses_and_errors_have_names(void **state _unused_) {
        BatchDraft d = fixture_draft(ticks, 1);
        _cleanup_free_ char *text = NULL;

        ticks[0] = fixture_tick(0);
        ticks[0].family = 4;
        memset(ticks[0].address, 0, sizeof(ticks[0].address));
        memcpy(ticks[0].address, (uint8_t[]){ 192, 0, 2, 1 }, 4);
        ticks[0].outcome = TICK_DOWN;
        ticks[0].error = TICK_ERROR_REFUSED;
        text = decode(&d);
        has(text, "\"address\":\"192.0.2.1\"");
        has(text, "\"outcome\":\"down\",\"error\":\"refused\"");
}

static void the_largest_numbers_survive(void **state _unused_) {
        BatchDraft d = fixture_draft(ticks, BATCH_TICKS_MAX);
        _cleanup_free_ char *text = NULL;

        d.header.clock_offset = INT64_MIN;
        d.header.created = INT64_MAX;
        d.header.sequence = UINT64_C(1) << 62;
        text = decode(&d);
        has(text, "\"clockOffsetUs\":\"-9223372036854775808\"");
        has(text, "\"sequence\":\"4611686018427387904\"");
}

static void a_gap_tells_what_was_lost(void **state _unused_) {
        BatchDraft d = fixture_draft(NULL, 0);
        _cleanup_free_ char *text = NULL;

        d.header.type = BATCH_GAP;
        d.header.sequence = 9;
        d.gap = (BatchGap){ .from = 5, .lost = 300 };
        text = decode(&d);
        has(text, "\"type\":\"gap\"");
        has(text, "\"from\":\"5\",\"lost\":300");
        has(text, "\"ticks\":[]");
}

static void what_is_no_batch_is_refused(void **state _unused_) {
        char *text = NULL;

        assert_int_equal(decode_batch("dpin", 4, &text), -EBADMSG);
        assert_int_equal(decode_batch("", 0, &text), -EMSGSIZE);
        assert_null(text);
}

static int fill(void **state _unused_) {
        for (uint32_t i = 0; i < BATCH_TICKS_MAX; i++)
                ticks[i] = fixture_tick(i);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_batch_tells_its_ticks),
                cmocka_unit_test(addresses_and_errors_have_names),
                cmocka_unit_test(the_largest_numbers_survive),
                cmocka_unit_test(a_gap_tells_what_was_lost),
                cmocka_unit_test(what_is_no_batch_is_refused),
        };

        return cmocka_run_group_tests(tests, fill, NULL);
}
