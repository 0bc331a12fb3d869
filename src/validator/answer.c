/* The first thing that is wrong is the reason; a story has the verdict of each assertion all the
 * same. */
#include "validator/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "validator/assert.h"

static bool asserts(const Spec *spec, AssertionSource source) {
        const Assertion *a = spec->assertions.items;

        for (size_t i = 0; i < spec->assertions.n; i++)
                if (assertion_source(&a[i]) == (int)source)
                        return true;
        return false;
}

void answer_prepare(const Spec *spec, HttpRequest *request) {
        bool body = asserts(spec, ASSERT_BODY) || asserts(spec, ASSERT_JSON);

        request->keep_headers = asserts(spec, ASSERT_HEADER);
        request->keep_max = body ? MIN(request->body_max, (size_t)ASSERT_BODY_MAX) : 0;
}

static TickError judge_status(const Spec *spec, unsigned status, CheckStory *story) {
        char detail[64];

        if (spec_accepts_status(spec, status))
                return TICK_ERROR_NONE;
        snprintf(detail, sizeof(detail), "the status is %u", status);
        check_story_detail(story, detail);
        return TICK_ERROR_STATUS;
}

static TickError tell_failure(const Assertion *a, const AssertOutcome *o, CheckStory *story) {
        char detail[ASSERT_SENTENCE_SIZE];

        check_story_detail(story, assert_sentence(a, o, detail));
        return o->verdict == VERDICT_CUT ? TICK_ERROR_TOO_LARGE : TICK_ERROR_ASSERTION;
}

TickError answer_judge_assertions(const Spec *spec, const AssertSeen *seen, CheckStory *story) {
        const Assertion *list = spec->assertions.items;
        AssertOutcome outcomes[ASSERTIONS_MAX];
        size_t n = MIN(spec->assertions.n, (size_t)ASSERTIONS_MAX);
        const AssertOutcome *failure;

        if (assert_evaluate(list, n, seen, outcomes) < 0)
                return TICK_ERROR_INTERNAL;
        if (story) {
                story->n_assertions = n;
                memcpy(story->assertions, outcomes, n * sizeof(*outcomes));
        }
        failure = assert_first_failure(outcomes, n);
        return failure ? tell_failure(&list[failure - outcomes], failure, story) : TICK_ERROR_NONE;
}

static TickError judge_http(const Spec *spec, const HttpResult *r, CheckStory *story) {
        const AssertSeen seen = { .headers = { r->headers, r->headers_n },
                                  .body = r->body,
                                  .body_n = r->kept_n,
                                  .cut = r->truncated || r->kept_n < r->body_n };

        return answer_judge_assertions(spec, &seen, story);
}

TickError answer_judge_certificate(const Spec *spec, uint32_t expiry, uint32_t today,
                                   CheckStory *story) {
        char detail[64] = "no certificate was shown";

        if (spec->certificate_days == 0 || (int64_t)expiry - today >= spec->certificate_days)
                return TICK_ERROR_NONE;
        if (expiry > 0)
                snprintf(detail, sizeof(detail), "days left: %d, wanted: %d",
                         (int)expiry - (int)today, (int)spec->certificate_days);
        check_story_detail(story, detail);
        return TICK_ERROR_TLS_EXPIRING;
}

TickError answer_judge(const Spec *spec, const HttpResult *result, uint32_t today,
                       CheckStory *story) {
        TickError status = judge_status(spec, result->status, story), asserted = TICK_ERROR_NONE;

        if (spec->assertions.n > 0 && (status == TICK_ERROR_NONE || story))
                asserted = judge_http(spec, result, story);
        if (status != TICK_ERROR_NONE)
                return status;
        if (asserted != TICK_ERROR_NONE)
                return asserted;
        return answer_judge_certificate(spec, result->certificate_expiry_days, today, story);
}
