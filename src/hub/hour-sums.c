/* Website by website: the pages of one lie together once they are sorted. */
#include "hub/hour-sums.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "hub/verdict.h"

#define QUARTER         (USEC_PER_HOUR / CLOSING_QUARTERS)
#define BUCKET_FIRST_US 100.0 /* histogram_bucket() */
#define BUCKET_RATIO    1.04

/* Of up ticks. */
typedef struct Quarter {
        uint32_t n;
        uint64_t us[CLOSING_PHASES];
} Quarter;

typedef struct Line {
        uint32_t validator;
        struct {
                uint32_t n;
                uint64_t us;
        } quarters[CLOSING_QUARTERS];
} Line;

typedef struct Website {
        uint32_t ticks;
        RollupWebsite row;
        uint32_t classes[UINT8_MAX + 1], histogram[CLOSING_BUCKETS];
        Quarter quarters[CLOSING_QUARTERS];
} Website;

struct HourSums {
        usec_t hour;
        HourRewards *rewards;  /* borrowed */
        Website website;       /* the one that is added */
        HourVerdict *verdicts; /* its own */
        size_t n_verdicts, max_verdicts;
        Line *lines;
        size_t n_lines, max_lines;
};

int hour_sums_new(HourSums **ret, usec_t hour, HourRewards *rewards) {
        HourSums *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->hour = hour;
        s->rewards = rewards;
        *ret = s;
        return 0;
}

HourSums *hour_sums_free(HourSums *s) {
        if (!s)
                return NULL;
        free(s->verdicts);
        free(s->lines);
        free(s);
        return NULL;
}

/* Ticks ---------------------------------------------------------------------------------------- */

static unsigned bucket_of(uint64_t us) {
        double first = BUCKET_FIRST_US, x = (double)us;

        return (unsigned)floor(log(MAX(x, first) / first) / log(BUCKET_RATIO));
}

static int compare_lines(const void *a, const void *b) {
        const Line *x = a, *y = b;

        return COMPARE(x->validator, y->validator);
}

/* Few look at a website; NULL: out of memory. */
static Line *line_of(HourSums *s, uint32_t validator) {
        for (size_t i = 0; i < s->n_lines; i++)
                if (s->lines[i].validator == validator)
                        return &s->lines[i];
        if (array_reserve(&s->lines, &s->max_lines, s->n_lines + 1, sizeof(*s->lines)) < 0)
                return NULL;
        s->lines[s->n_lines] = (Line){ .validator = validator };
        return &s->lines[s->n_lines++];
}

static int add_up(HourSums *s, const PageTick *tick, size_t quarter) {
        const TickPhases *p = &tick->phases;
        const uint32_t phases[CLOSING_PHASES] = { p->dns, p->connect, p->tls, p->wait,
                                                  p->transfer };
        Line *line = line_of(s, tick->validator);
        RollupWebsite *row = &s->website.row;
        Quarter *q = &s->website.quarters[quarter];
        uint64_t total = 0;

        if (!line)
                return -ENOMEM;
        for (size_t i = 0; i < CLOSING_PHASES; i++) {
                total += phases[i];
                row->phase_sum[i] += phases[i];
                row->phase_max[i] = MAX(row->phase_max[i], phases[i]);
                q->us[i] += phases[i];
        }
        row->up++;
        q->n++;
        line->quarters[quarter].n++;
        line->quarters[quarter].us += total;
        s->website.histogram[MIN(bucket_of(total), CLOSING_BUCKETS - 1)]++;
        return 0;
}

static int add_tick(HourSums *s, const TickPage *page, size_t i) {
        const PageTick tick = page_decode(page->ticks + i * PAGE_TICK_SIZE);
        usec_t start = page->span + tick.started;
        int r = 0;

        if (start < s->hour || start >= s->hour + USEC_PER_HOUR)
                return 0;
        s->website.ticks++;
        s->website.row.down += tick.outcome == TICK_DOWN;
        s->website.row.abstain += tick.outcome == TICK_ABSTAIN;
        if (tick.error != TICK_ERROR_NONE)
                s->website.classes[tick.error]++;
        if (tick.outcome == TICK_UP)
                r = add_up(s, &tick, (start - s->hour) / QUARTER);
        if (r < 0)
                return r;
        return hour_rewards_claim(s->rewards, &tick, start,
                                  (HourVerdicts){ s->verdicts, s->n_verdicts });
}

/* Verdicts ------------------------------------------------------------------------------------- */

/* Whether it is of the hour. */
static bool add_time(RollupWebsite *row, const HourVerdict *v, usec_t hour) {
        usec_t from = MAX(v->started, hour), to = MIN(v->ended, hour + USEC_PER_HOUR);

        if (v->started >= hour + USEC_PER_HOUR)
                return false;
        switch (v->state) {
        case VERDICT_UP:
        case VERDICT_DEGRADED:
                row->up_us += to - from;
                break;
        case VERDICT_DOWN:
        case VERDICT_PARTIAL:
                row->down_us += to - from;
                break;
        default:
                break;
        }
        return true;
}

/* Of one website, from the first of `rows` on. How many of them are of the hour, or -ENOMEM. */
static int take_verdicts(HourSums *s, const ClosingSpan *rows, size_t n) {
        int touched = 0;

        s->n_verdicts = 0;
        for (size_t i = 0; i < n && rows[i].website == s->website.row.website; i++) {
                if (array_reserve(&s->verdicts, &s->max_verdicts, i + 1, sizeof(*s->verdicts)) < 0)
                        return -ENOMEM;
                s->verdicts[i] = (HourVerdict){ verdict_state_from_name(rows[i].state),
                                                rows[i].started, rows[i].ended };
                s->n_verdicts++;
                touched += add_time(&s->website.row, &s->verdicts[i], s->hour);
        }
        return touched;
}

/* Websites ------------------------------------------------------------------------------------- */

static uint8_t *put4(uint8_t *to, uint32_t v) {
        uint32_t big = htobe32(v);

        memcpy(to, &big, sizeof(big));
        return to + sizeof(big);
}

static uint8_t *put8(uint8_t *to, uint64_t v) {
        uint64_t big = htobe64(v);

        memcpy(to, &big, sizeof(big));
        return to + sizeof(big);
}

/* latency_sums() in sql/: of each quarter how many and the sums of their phases, then of each
 * validator, after its number, how many and the sum of their times. */
static size_t write_quarters(const HourSums *s, uint8_t *to) {
        uint8_t *p = to;

        for (size_t q = 0; q < CLOSING_QUARTERS; q++) {
                p = put4(p, s->website.quarters[q].n);
                for (size_t i = 0; i < CLOSING_PHASES; i++)
                        p = put8(p, s->website.quarters[q].us[i]);
        }
        for (size_t i = 0; i < s->n_lines; i++) {
                p = put4(p, s->lines[i].validator);
                for (size_t q = 0; q < CLOSING_QUARTERS; q++) {
                        p = put4(p, s->lines[i].quarters[q].n);
                        p = put8(p, s->lines[i].quarters[q].us);
                }
        }
        return (size_t)(p - to);
}

#define QUARTERS_SIZE (CLOSING_QUARTERS * (4u + 8u * CLOSING_PHASES))
#define LINE_SIZE     (4u + CLOSING_QUARTERS * (4u + 8u))

static void put_lines(const HourSums *s, ClosingRows *to, uint32_t *validators) {
        for (size_t i = 0; i < s->n_lines; i++) {
                const Line *line = &s->lines[i];
                RollupValidator row = { .website = s->website.row.website,
                                        .validator = line->validator };

                for (size_t q = 0; q < CLOSING_QUARTERS; q++) {
                        row.up += line->quarters[q].n;
                        row.total_us += line->quarters[q].us;
                }
                validators[i] = line->validator;
                closing_rows_add_validator(to, &row);
        }
}

static int put_website(HourSums *s, ClosingRows *to) {
        _cleanup_free_ uint8_t *quarters = malloc(QUARTERS_SIZE + s->n_lines * LINE_SIZE);
        _cleanup_free_ uint32_t *validators = calloc(s->n_lines + 1, sizeof(*validators));
        RollupWebsite *row = &s->website.row;

        if (!quarters || !validators)
                return -ENOMEM;
        if (s->n_lines > 0)
                qsort(s->lines, s->n_lines, sizeof(*s->lines), compare_lines);
        put_lines(s, to, validators);
        row->classes = s->website.classes;
        row->histogram = s->website.histogram;
        row->quarters = quarters;
        row->n_quarters = s->website.ticks > 0 ? write_quarters(s, quarters) : 0;
        row->validators = validators;
        row->n_validators = s->n_lines;
        closing_rows_add(to, row);
        return 0;
}

static int compare_pages(const void *a, const void *b) {
        const TickPage *const *x = a, *const *y = b;

        return COMPARE((*x)->website, (*y)->website);
}

/* By website; NULL: out of memory. */
static const TickPage **sort_pages(const HourPart *part) {
        const TickPage **pages = calloc(part->n_pages + 1, sizeof(const TickPage *));

        if (!pages)
                return NULL;
        for (size_t i = 0; i < part->n_pages; i++)
                pages[i] = &part->pages[i];
        if (part->n_pages > 0)
                qsort(pages, part->n_pages, sizeof(const TickPage *), compare_pages);
        return pages;
}

static void begin_website(HourSums *s, uint32_t website) {
        memset(&s->website, 0, sizeof(s->website));
        s->website.row.website = website;
        s->n_lines = 0;
}

/* Those of both that are left; pages are ended by NULL. */
typedef struct Left {
        const TickPage **pages;
        const ClosingSpan *spans;
        size_t n_spans;
} Left;

static uint32_t next_website(const Left *left) {
        uint32_t website = *left->pages ? (*left->pages)->website : UINT32_MAX;

        return left->n_spans > 0 ? MIN(website, left->spans->website) : website;
}

static int add_pages(HourSums *s, Left *left) {
        const TickPage *page = *left->pages;
        int r = 0;

        while (r >= 0 && page && page->website == s->website.row.website) {
                for (size_t i = 0; r >= 0 && i < page->n; i++)
                        r = add_tick(s, page, i);
                page = *++left->pages;
        }
        return r;
}

static int add_website(HourSums *s, Left *left, ClosingRows *to) {
        int r, touched;

        begin_website(s, next_website(left));
        touched = take_verdicts(s, left->spans, left->n_spans);
        if (touched < 0)
                return touched;
        left->spans += s->n_verdicts;
        left->n_spans -= s->n_verdicts;
        r = add_pages(s, left);
        if (r < 0 || (touched == 0 && s->website.ticks == 0))
                return r;
        return put_website(s, to);
}

int hour_sums_add(HourSums *s, const HourPart *part, ClosingRows *to) {
        _cleanup_free_ const TickPage **pages = sort_pages(part);
        Left left = { pages, part->spans, part->n_spans };
        int r = 0;

        if (!pages)
                return -ENOMEM;
        while (r >= 0 && (*left.pages || left.n_spans > 0))
                r = add_website(s, &left, to);
        return r;
}
