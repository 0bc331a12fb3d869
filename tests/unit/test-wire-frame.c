/* Text messages: what is written is read, and nothing else is. */
#include <errno.h>
#include <stdio.h>

#include "wire-vectors-all.h"

#define BOTH (FRAME_FROM_HUB | FRAME_FROM_VALIDATOR)

/* Encodes, decodes, encodes again: the texts must be equal. The decoded frame is the caller's. */
static Frame round_trip(const Frame *f, FrameFrom from) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        const char *error = NULL;
        Frame read;
        int r;

        assert_int_equal(frame_encode(f, &text), 0);
        r = frame_decode(text, strlen(text), from, &read, &error);
        if (r < 0)
                fail_msg("%s: %d %s", text, r, error);
        assert_int_equal(read.kind, f->kind);
        assert_string_equal(read.type, frame_kind_name(f->kind));
        assert_int_equal(frame_encode(&read, &again), 0);
        assert_string_equal(text, again);
        return read;
}

static void handshake_frames_survive(_unused_ void **state) {
        char *tags[] = { "region=eu", "asn=64500" };
        uint8_t receipt[] = { 1, 2, 3 };
        FrameStream streams[] = { { 5, { receipt, 3 } }, { INT64_MAX, {} } };
        Frame hello = { .kind = FRAME_HELLO,
                        .hello = { .version = 1,
                                   .time = FIXTURE_TIME,
                                   .max_frame = 65536,
                                   .max_ticks = 720 } };
        Frame join = { .kind = FRAME_JOIN,
                       .join = { .authority = "hub:8081",
                                 .software = "dpin",
                                 .tags = { tags, 2 },
                                 .streams = { streams, 2 },
                                 .revision = 12 } };
        Frame welcome = { .kind = FRAME_WELCOME,
                          .welcome = { .approved = true,
                                       .time = 1,
                                       .streams = { streams, 2 },
                                       .window = { 16, 4 } } };
        Frame reject = { .kind = FRAME_REJECT,
                         .reject = { .code = "not_ready", .retry_after = 5 } };
        Frame read;

        round_trip(&hello, FRAME_FROM_HUB);
        read = round_trip(&join, FRAME_FROM_VALIDATOR);
        assert_int_equal(read.join.tags.n, 2);
        assert_string_equal(read.join.tags.items[1], "asn=64500");
        assert_int_equal(((FrameStream *)read.join.streams.items)[0].receipt.n, 3);
        frame_done(&read);
        read = round_trip(&welcome, FRAME_FROM_HUB);
        assert_true(read.welcome.approved && read.welcome.window.live == 16);
        frame_done(&read);
        frame_done(&read);
        read = round_trip(&reject, FRAME_FROM_HUB);
        assert_int_equal(read.reject.retry_after, 5);
}

static void working_frames_survive(_unused_ void **state) {
        uint8_t bytes[] = { 1, 2, 3 };
        FrameOrder add[] = { { { bytes, 3 }, { bytes, 2 } } };
        FrameRemoved removed[] = { { { { 9 } } } };
        Frame orders = {
                .kind = FRAME_ORDERS,
                .orders = { .base = 1, .revision = 2, .add = { add, 1 }, .removed = { removed, 1 } }
        };
        Frame probe = { .kind = FRAME_PROBE,
                        .probe = { .number = UINT32_MAX, .reason = "confirm", .deadline = 5 } };
        Frame suspect = { .kind = FRAME_SUSPECT, .suspect = { .slot = 77 } };
        Frame read;

        read = round_trip(&orders, FRAME_FROM_HUB);
        assert_int_equal(((FrameRemoved *)read.orders.removed.items)[0].order.bytes[0], 9);
        frame_done(&read);
        read = round_trip(&probe, FRAME_FROM_HUB);
        assert_int_equal(read.probe.spare.order.n, 0);
        frame_done(&read);
        probe.probe.spare.order = (JsonBytes){ bytes, 3 };
        probe.probe.spare.spec = (JsonBytes){ bytes, 2 };
        read = round_trip(&probe, FRAME_FROM_HUB);
        assert_int_equal(read.probe.spare.order.n, 3);
        frame_done(&read);
        read = round_trip(&suspect, FRAME_FROM_VALIDATOR);
        assert_int_equal(read.suspect.slot, 77);
}

static void answering_frames_survive(_unused_ void **state) {
        uint8_t bytes[] = { 1, 2, 3 };
        FrameArrival batches[] = { { 8, FIXTURE_TIME, 720, 5 } };
        FrameException exceptions[] = { { 8, 719, 1 } };
        Frame ack = { .kind = FRAME_ACK,
                      .ack = { .receipt = { bytes, 3 },
                               .time = 1,
                               .batches = { batches, 1 },
                               .exceptions = { exceptions, 1 } } };
        Frame notice = { .kind = FRAME_NOTICE,
                         .notice = { .code = "sequence", .incarnation = 3, .sequence = 4 } };
        Frame bye = { .kind = FRAME_BYE, .bye = { .code = "shutdown" } };
        Frame read;

        read = round_trip(&ack, FRAME_FROM_HUB);
        assert_int_equal(((FrameException *)read.ack.exceptions.items)[0].index, 719);
        frame_done(&read);
        round_trip(&notice, FRAME_FROM_VALIDATOR);
        read = round_trip(&notice, FRAME_FROM_HUB);
        assert_true(read.notice.incarnation == 3 && read.notice.sequence == 4);
        round_trip(&bye, FRAME_FROM_HUB);
}

static void the_largest_ack_fits(_unused_ void **state) {
        static uint8_t receipt[RECEIPT_FIXED_SIZE];
        static FrameArrival batches[FRAME_BATCHES_MAX];
        static FrameException exceptions[FRAME_EXCEPTIONS_MAX];
        Frame ack = { .kind = FRAME_ACK,
                      .ack = { .receipt = { receipt, sizeof(receipt) },
                               .batches = { batches, FRAME_BATCHES_MAX },
                               .exceptions = { exceptions, FRAME_EXCEPTIONS_MAX } } };
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < FRAME_BATCHES_MAX; i++)
                batches[i] = (FrameArrival){ INT64_MAX, FIXTURE_TIME, 720, 5 };
        for (size_t i = 0; i < FRAME_EXCEPTIONS_MAX; i++)
                exceptions[i] = (FrameException){ INT64_MAX, 719, 5 };
        assert_int_equal(frame_encode(&ack, &text), 0);
}

static int decode(const char *text, unsigned from) {
        const char *error = NULL;
        Frame f;
        int r;

        r = frame_decode(text, strlen(text), from, &f, &error);
        if (r == 0)
                frame_done(&f);
        if (r == -EINVAL)
                assert_non_null(error);
        return r;
}

static void what_is_no_frame_is_refused(_unused_ void **state) {
        assert_int_equal(decode("", BOTH), -EBADMSG);
        assert_int_equal(decode("hello", BOTH), -EBADMSG);
        assert_int_equal(decode("[]", BOTH), -EBADMSG);
        assert_int_equal(decode("{}", BOTH), -EBADMSG);
        assert_int_equal(decode("{\"type\":\"nonsense\"}", BOTH), -EBADMSG);
        assert_int_equal(decode("{\"type\":7}", BOTH), -EBADMSG);
        assert_int_equal(decode("{\"type\":\"a type of more than twelve bytes\"}", BOTH), -EBADMSG);
        assert_int_equal(decode("{\"type\":\"bye\"}", BOTH), -EINVAL);
        assert_int_equal(decode("{\"type\":\"bye\",\"code\":\"x\"}", BOTH), 0);
        assert_true(decode("{\"type\":\"bye\",\"code\":\"x\",\"code\":\"y\"}", BOTH) < 0);
        assert_int_equal(decode("{\"type\":\"bye\",\"code\":\"x\",\"more\":1}", BOTH), -EINVAL);
        assert_int_equal(decode("{\"type\":\"bye\",\"code\":\"123456789012345678901234567890123\"}",
                                BOTH),
                         -EINVAL);
        assert_true(decode("{\"type\":\"bye\",\"code\":\"x\"}x", BOTH) < 0);
}

static void sides_say_only_what_is_theirs(_unused_ void **state) {
        assert_int_equal(decode("{\"type\":\"hello\"}", FRAME_FROM_VALIDATOR), -EPROTO);
        assert_int_equal(decode("{\"type\":\"ack\"}", FRAME_FROM_VALIDATOR), -EPROTO);
        assert_int_equal(decode("{\"type\":\"join\"}", FRAME_FROM_HUB), -EPROTO);
        assert_int_equal(decode("{\"type\":\"suspect\"}", FRAME_FROM_HUB), -EPROTO);
}

static void long_frames_are_refused_before_they_are_read(_unused_ void **state) {
        static char text[FRAME_SIZE_MAX + 2];

        memset(text, ' ', FRAME_SIZE_MAX + 1);
        assert_int_equal(decode(text, BOTH), -EMSGSIZE);
        text[FRAME_SIZE_MAX] = '\0';
        assert_int_equal(decode(text, BOTH), -EBADMSG);
        for (unsigned kind = 0; kind < _FRAME_MAX; kind++)
                assert_true(frame_kind_size_max(kind) <= FRAME_SIZE_MAX);
        memcpy(text, "{\"type\":\"bye\",\"code\":\"x\"}", 25);
        text[1025] = '\0';
        assert_int_equal(decode(text, BOTH), -EMSGSIZE);
        text[1024] = '\0';
        assert_int_equal(decode(text, BOTH), 0);
}

/* Other implementations are tested against this file: it changes by intent only. */
static void vectors_are_unchanged(_unused_ void **state) {
        _cleanup_free_ char *made = NULL, *stored = NULL;
        size_t made_size = 0;
        FILE *f;

        f = open_memstream(&made, &made_size);
        assert_non_null(f);
        vectors_write(f);
        fclose(f);
        stored = calloc(1, made_size + 1);
        assert_non_null(stored);
        f = fopen(TESTS_DIR "/integration/vectors.json", "re");
        assert_non_null(f);
        assert_int_equal(fread(stored, 1, made_size + 1, f), made_size);
        fclose(f);
        assert_memory_equal(stored, made, made_size);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(handshake_frames_survive),
                cmocka_unit_test(working_frames_survive),
                cmocka_unit_test(answering_frames_survive),
                cmocka_unit_test(the_largest_ack_fits),
                cmocka_unit_test(what_is_no_frame_is_refused),
                cmocka_unit_test(sides_say_only_what_is_theirs),
                cmocka_unit_test(long_frames_are_refused_before_they_are_read),
                cmocka_unit_test(vectors_are_unchanged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
