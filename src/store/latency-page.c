/* Text is put together by hand: of a day there are hundreds of points, of which only numbers
 * differ.
 */
#include "store/latency-page.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/array.h"
#include "base/encode.h"
#include "wire/bytes.h"

#define QUARTER (15 * USEC_PER_MIN)

enum {
        QUARTERS = 4,
        PHASES = 5, /* dns, connect, tls, wait, transfer */
        POINT_BYTES = 4 + PHASES * 8,
        LINE_BYTES = 4 + 8,
        AT_SIZE = sizeof("\"2026-01-02T03:04:05.000006Z\""),
        NUMBER_SIZE = 24,                            /* more than any number of 64 bits takes */
        POINT_SIZE = 64 + AT_SIZE + 6 * NUMBER_SIZE, /* of a phase's names there are 54 */
        LINE_POINT_SIZE = 32 + AT_SIZE + NUMBER_SIZE,
        FRAME_SIZE = 128, /* around all points, or those of a line */
};

/* Ticks, and the sums of their phases. */
typedef struct PointSums {
        uint64_t n, us[PHASES];
} PointSums;

/* Ticks, and the sum of their times. */
typedef struct LineSums {
        uint64_t n, us;
} LineSums;

typedef struct Line {
        uint32_t validator;
        char *members; /* NULL: not known */
        LineSums *buckets;
} Line;

struct LatencyPage {
        LatencySpan span;
        uint64_t first; /* number of the first bucket, counted from 1970 */
        size_t n_buckets;
        PointSums *buckets;
        Line *lines; /* by validator */
        size_t n_lines, lines_max;
};

int latency_page_new(LatencyPage **ret, const LatencySpan *span) {
        _cleanup_(latency_page_freep) LatencyPage *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        *p = (LatencyPage){ .span = *span,
                            .first = span->begin / span->width,
                            .n_buckets = (span->window + USEC_PER_HOUR) / span->width + 2 };
        p->buckets = calloc(p->n_buckets, sizeof(*p->buckets));
        if (!p->buckets)
                return -ENOMEM;
        *ret = TAKE_PTR(p);
        return 0;
}

LatencyPage *latency_page_free(LatencyPage *p) {
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n_lines; i++) {
                free(p->lines[i].members);
                free(p->lines[i].buckets);
        }
        free(p->lines);
        free(p->buckets);
        free(p);
        return NULL;
}

/* Adding ----------------------------------------------------------------------------------------
 */

static bool find_bucket(const LatencyPage *p, usec_t at, size_t *ret) {
        uint64_t number = at / p->span.width;

        *ret = number - p->first;
        return number >= p->first && *ret < p->n_buckets;
}

static void add_point(LatencyPage *p, usec_t at, const PointSums *sums) {
        size_t i;

        if (!find_bucket(p, at, &i))
                return;
        p->buckets[i].n += sums->n;
        for (size_t phase = 0; phase < PHASES; phase++)
                p->buckets[i].us[phase] += sums->us[phase];
}

/* Where the validator is, or would be. */
static size_t place_of(const LatencyPage *p, uint32_t validator) {
        size_t low = 0, high = p->n_lines;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (p->lines[middle].validator < validator)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static int insert_line(LatencyPage *p, size_t place, uint32_t validator) {
        LineSums *buckets;

        if (array_reserve(&p->lines, &p->lines_max, p->n_lines + 1, sizeof(*p->lines)) < 0)
                return -ENOMEM;
        buckets = calloc(p->n_buckets, sizeof(*buckets));
        if (!buckets)
                return -ENOMEM;
        memmove(p->lines + place + 1, p->lines + place, (p->n_lines - place) * sizeof(Line));
        p->lines[place] = (Line){ .validator = validator, .buckets = buckets };
        p->n_lines++;
        return 0;
}

static int find_line(LatencyPage *p, uint32_t validator, Line **ret) {
        size_t place = place_of(p, validator);
        int r;

        if (place == p->n_lines || p->lines[place].validator != validator) {
                r = insert_line(p, place, validator);
                if (r < 0)
                        return r;
        }
        *ret = &p->lines[place];
        return 0;
}

static int add_line(LatencyPage *p, uint32_t validator, usec_t at, const LineSums *sums) {
        Line *line;
        size_t i;
        int r;

        if (sums->n == 0 || !find_bucket(p, at, &i))
                return 0;
        r = find_line(p, validator, &line);
        if (r < 0)
                return r;
        line->buckets[i].n += sums->n;
        line->buckets[i].us += sums->us;
        return 0;
}

int latency_page_name(LatencyPage *p, uint32_t validator, const char *members) {
        size_t place = place_of(p, validator);
        char *copy;

        if (place == p->n_lines || p->lines[place].validator != validator)
                return 0;
        copy = strdup(members);
        if (!copy)
                return -ENOMEM;
        free(p->lines[place].members);
        p->lines[place].members = copy;
        return 0;
}

/* Sums ------------------------------------------------------------------------------------------
 */

static PointSums read_point(ByteReader *r) {
        PointSums sums = { .n = read_u32(r) };

        for (size_t phase = 0; phase < PHASES; phase++)
                sums.us[phase] = read_u64(r);
        return sums;
}

static LineSums read_line(ByteReader *r) {
        uint64_t n = read_u32(r);

        return (LineSums){ .n = n, .us = read_u64(r) };
}

static int decode_point(const char *digits, PointSums *ret) {
        uint8_t bytes[POINT_BYTES];
        ByteReader r;

        if (hex_decode(digits, bytes, sizeof(bytes)) != sizeof(bytes))
                return -EBADMSG;
        r = byte_reader(bytes, sizeof(bytes));
        *ret = read_point(&r);
        return 0;
}

static int decode_line(const char *digits, LineSums *ret) {
        uint8_t bytes[LINE_BYTES];
        ByteReader r;

        if (hex_decode(digits, bytes, sizeof(bytes)) != sizeof(bytes))
                return -EBADMSG;
        r = byte_reader(bytes, sizeof(bytes));
        *ret = read_line(&r);
        return 0;
}

int latency_page_add_points(LatencyPage *p, usec_t at, const char *sums) {
        PointSums point;
        int r = decode_point(sums, &point);

        if (r < 0)
                return r;
        add_point(p, at, &point);
        return 0;
}

int latency_page_add_line(LatencyPage *p, uint32_t validator, usec_t at, const char *sums) {
        LineSums line;
        int r = decode_line(sums, &line);

        return r < 0 ? r : add_line(p, validator, at, &line);
}

int latency_page_add_ticks(LatencyPage *p, uint32_t validator, usec_t at, const char *sums) {
        LineSums line = { 0 };
        PointSums point;
        int r = decode_point(sums, &point);

        if (r < 0)
                return r;
        line.n = point.n;
        for (size_t phase = 0; phase < PHASES; phase++)
                line.us += point.us[phase];
        add_point(p, at, &point);
        return add_line(p, validator, at, &line);
}

/* Of an hour ------------------------------------------------------------------------------------
 */

static bool is_within(const LatencyPage *p, usec_t at) {
        return at >= p->span.begin && at < p->span.end;
}

static void add_quarters(LatencyPage *p, usec_t hour, ByteReader *from) {
        for (size_t i = 0; i < QUARTERS; i++) {
                const PointSums sums = read_point(from);

                if (!from->failed && is_within(p, hour + i * QUARTER))
                        add_point(p, hour + i * QUARTER, &sums);
        }
}

static int add_line_quarters(LatencyPage *p, usec_t hour, ByteReader *from) {
        uint32_t validator = read_u32(from);
        int r = 0;

        for (size_t i = 0; r == 0 && i < QUARTERS; i++) {
                const LineSums sums = read_line(from);

                if (!from->failed && is_within(p, hour + i * QUARTER))
                        r = add_line(p, validator, hour + i * QUARTER, &sums);
        }
        return r;
}

static int add_hour(LatencyPage *p, usec_t hour, ByteReader *from) {
        int r = 0;

        if (read_left(from) > 0)
                add_quarters(p, hour, from);
        while (r == 0 && !from->failed && read_left(from) > 0)
                r = add_line_quarters(p, hour, from);
        return from->failed ? -EBADMSG : r;
}

int latency_page_add_hour(LatencyPage *p, usec_t hour, const char *quarters) {
        size_t size = strlen(quarters) / 2;
        _cleanup_free_ uint8_t *bytes = malloc(size + 1);
        ByteReader from;

        if (!bytes)
                return -ENOMEM;
        if (hex_decode(quarters, bytes, size) < 0)
                return -EBADMSG;
        from = byte_reader(bytes, size);
        return add_hour(p, hour, &from);
}

/* Writing ---------------------------------------------------------------------------------------
 */

/* There is room for all of it: page_size() says how much. */
static char *put(char *to, const char *text, size_t n) {
        return (char *)memcpy(to, text, n) + n;
}
#define PUT(to, text) put(to, text, sizeof(text) - 1)

static char *put_integer(char *to, uint64_t v) {
        char digits[NUMBER_SIZE], *first = digits + sizeof(digits);

        do {
                *--first = (char)('0' + v % 10);
                v /= 10;
        } while (v > 0);
        return put(to, first, (size_t)(digits + sizeof(digits) - first));
}

/* The mean in ms, of whole µs. */
static char *put_mean(char *to, uint64_t us, uint64_t n) {
        uint64_t mean = (uint64_t)rint((double)us / (double)n);
        unsigned rest = (unsigned)(mean % 1000);
        char digits[] = { '.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10),
                          (char)('0' + rest % 10) };
        size_t length = sizeof(digits);

        to = put_integer(to, mean / 1000);
        while (length > 1 && digits[length - 1] == '0')
                length--;
        return length > 1 ? put(to, digits, length) : to;
}

static char *put_point(char *to, const char *at, const PointSums *sums) {
        to = put(PUT(to, "{\"at\":"), at, strlen(at));
        to = put_mean(PUT(to, ",\"dns\":"), sums->us[0], sums->n);
        to = put_mean(PUT(to, ",\"connect\":"), sums->us[1], sums->n);
        to = put_mean(PUT(to, ",\"tls\":"), sums->us[2], sums->n);
        to = put_mean(PUT(to, ",\"wait\":"), sums->us[3], sums->n);
        to = put_mean(PUT(to, ",\"transfer\":"), sums->us[4], sums->n);
        to = put_integer(PUT(to, ",\"count\":"), sums->n);
        return PUT(to, "},");
}

/* The comma after the last one goes. */
static char *close_list(char *to) {
        return PUT(to[-1] == ',' ? to - 1 : to, "]");
}

static char *put_points(char *to, const LatencyPage *p, char (*times)[AT_SIZE]) {
        to = PUT(to, ",\"phases\":[");
        for (size_t i = 0; i < p->n_buckets; i++)
                if (p->buckets[i].n > 0)
                        to = put_point(to, times[i], &p->buckets[i]);
        return close_list(to);
}

static char *put_line(char *to, const LatencyPage *p, const Line *line, char (*times)[AT_SIZE]) {
        to = put(PUT(to, "{"), line->members, strlen(line->members));
        to = PUT(to, ",\"points\":[");
        for (size_t i = 0; i < p->n_buckets; i++) {
                const LineSums *sums = &line->buckets[i];

                if (p->buckets[i].n == 0 || sums->n == 0)
                        continue;
                to = put(PUT(to, "{\"at\":"), times[i], AT_SIZE - 1);
                to = put_mean(PUT(to, ",\"latency\":"), sums->us, sums->n);
                to = PUT(to, "},");
        }
        return PUT(close_list(to), "},");
}

static char *put_lines(char *to, const LatencyPage *p, char (*times)[AT_SIZE]) {
        to = PUT(to, ",\"validators\":[");
        for (size_t i = 0; i < p->n_lines; i++)
                if (p->lines[i].members)
                        to = put_line(to, p, &p->lines[i], times);
        return close_list(to);
}

static size_t page_size(const LatencyPage *p) {
        size_t n = FRAME_SIZE + p->n_buckets * POINT_SIZE;

        for (size_t i = 0; i < p->n_lines; i++)
                if (p->lines[i].members)
                        n += FRAME_SIZE + strlen(p->lines[i].members) +
                             p->n_buckets * LINE_POINT_SIZE;
        return n;
}

static void write_times(const LatencyPage *p, char (*times)[AT_SIZE]) {
        char text[TIME_FORMAT_SIZE];

        for (size_t i = 0; i < p->n_buckets; i++) {
                time_format((p->first + i) * p->span.width, text);
                assert(strlen(text) == AT_SIZE - 3);
                *PUT(put(PUT(times[i], "\""), text, AT_SIZE - 3), "\"") = '\0';
        }
}

int latency_page_write(const LatencyPage *p, char **ret, size_t *ret_n) {
        _cleanup_free_ char(*times)[AT_SIZE] = calloc(p->n_buckets, AT_SIZE);
        _cleanup_free_ char *text = malloc(page_size(p));
        char *end;

        if (!times || !text)
                return -ENOMEM;
        write_times(p, times);

        end = put_integer(PUT(text, "{\"bucketMs\":"), p->span.width / USEC_PER_MSEC);
        end = put_lines(put_points(end, p, times), p, times);
        end = PUT(end, "}");
        *end = '\0';
        *ret_n = (size_t)(end - text);
        *ret = TAKE_PTR(text);
        return 0;
}
