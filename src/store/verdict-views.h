/* Why verdicts of a website are what they are, now and in the past, as JSON in the shapes of the
 * REST interface:
 *
 *      state assurance cause since until firstEvidenceAt n f q rule why
 *      seats: [{ seat validatorId validatorName region vote at ageMs latencyMs error
 *                missing awaySince }]
 *
 * vote: "up", "down", "abstain", "missing"; missing: "away", "silent", "abstained", "empty", or
 * null where there is a vote. Of the present: the seats as they are now; of the past: as they were
 * when it was decided. */
#pragma once

#include "store/store.h"

typedef struct VerdictView {
        uint32_t organisation;
        Uuid website;
        usec_t at; /* whose span is asked for; USEC_INFINITY: the present */
} VerdictView;

int verdict_view_json(Store *s, const VerdictView *view, StoreJson callback, void *userdata,
                      StoreCall **ret);

/* Where a page of spans begins, the newest first. */
typedef struct VerdictCursor {
        usec_t started; /* USEC_INFINITY: at the newest */
        int64_t id;
} VerdictCursor;

/* As nextCursor says it; -EINVAL. */
int verdict_cursor_parse(const char *text, VerdictCursor *ret);

typedef struct VerdictPage {
        uint32_t organisation;
        Uuid website;
        VerdictCursor before;
        unsigned limit; /* 1..500 */
} VerdictPage;

/* {"verdicts":[...],"nextCursor"}: the past, and the present as it was decided. */
int verdict_page_json(Store *s, const VerdictPage *page, StoreJson callback, void *userdata,
                      StoreCall **ret);

extern const PqStatement *const verdict_views_statements[];
