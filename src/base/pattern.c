/* The library's own limits count what it remembers to come back to, not how far it reads in
 * between: `a*[bc]` on a long row of a's asks for little of the first and reads the row once for
 * every place it may start at. So the library calls back before every item of the expression, and
 * what it read since the last time is counted here. */
#include "base/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define NESTING_MAX   64
#define HEAP_MAX_KB   2048 /* it doubles, which is a copy where no clock is looked at */
#define DEPTH_MAX     20000
#define MATCH_MAX     500000
#define STEPS_MAX     500000             /* items tried */
#define READ_MAX      (16 * 1024 * 1024) /* bytes between items */
#define TIME_MAX      (40 * USEC_PER_MSEC)
#define STEPS_A_CLOCK 64

struct Pattern {
        pcre2_code *code;
        pcre2_match_context *limits;
};

typedef struct Progress {
        PatternEffort *effort;
        size_t at;
        usec_t until;
} Progress;

static const char *check_size(const char *text) {
        if (*text == '\0')
                return "an empty expression";
        return strlen(text) > PATTERN_SIZE_MAX ? "the expression is longer than 512 bytes" : NULL;
}

static int refuse(PatternFault *fault, const char *reason, size_t offset) {
        if (fault) {
                snprintf(fault->reason, sizeof(fault->reason), "%s", reason);
                fault->offset = offset;
        }
        return -EINVAL;
}

static int refuse_code(PatternFault *fault, int code, size_t offset) {
        char reason[sizeof(fault->reason)];

        if (pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof(reason)) < 0)
                snprintf(reason, sizeof(reason), "error %d", code);
        return refuse(fault, reason, offset);
}

/* A reference back to a group reads as far as that group did and may then fail: it would be the one
 * item that reads much and is seen to have read nothing. */
static int check_code(const pcre2_code *code, PatternFault *fault) {
        uint32_t highest = 0;

        (void)pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &highest);
        return highest > 0 ? refuse(fault, "a reference back to a group is not taken", 0) : 0;
}

static int compile(Pattern *p, const char *text, PatternFault *fault) {
        const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
                                 PCRE2_AUTO_CALLOUT;
        pcre2_compile_context *context = pcre2_compile_context_create(NULL);
        size_t offset = 0;
        int code = 0;

        if (!context)
                return -ENOMEM;
        (void)pcre2_set_parens_nest_limit(context, NESTING_MAX);
        p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &offset,
                                context);
        pcre2_compile_context_free(context);
        if (p->code)
                return check_code(p->code, fault);
        return refuse_code(fault, code,
                           MIN(offset, strlen(text))); /* of verbs it is one too many */
}

int pattern_new(Pattern **ret, const char *text, PatternFault *fault) {
        _cleanup_(pattern_freep) Pattern *p = NULL;
        const char *reason = check_size(text);
        int r;

        if (reason)
                return refuse(fault, reason, 0);
        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        r = compile(p, text, fault);
        if (r < 0)
                return r;

        p->limits = pcre2_match_context_create(NULL);
        if (!p->limits)
                return -ENOMEM;
        (void)pcre2_set_match_limit(p->limits, MATCH_MAX);
        (void)pcre2_set_depth_limit(p->limits, DEPTH_MAX);
        (void)pcre2_set_heap_limit(p->limits, HEAP_MAX_KB);
        *ret = TAKE_PTR(p);
        return 0;
}

Pattern *pattern_free(Pattern *p) {
        if (!p)
                return NULL;
        pcre2_match_context_free(p->limits);
        pcre2_code_free(p->code);
        free(p);
        return NULL;
}

/* Of this thread: what others do on the machine is not held against an expression. */
static usec_t processor_time(void) {
        struct timespec t = { 0 };

        (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

/* Before every item. Not 0 ends the match. */
static int on_item(pcre2_callout_block *item, void *userdata) {
        Progress *p = userdata;
        PatternEffort *e = p->effort;
        size_t at = item->current_position;

        e->read += at > p->at ? at - p->at : p->at - at;
        p->at = at;
        if (++e->steps > STEPS_MAX || e->read > READ_MAX)
                return PCRE2_ERROR_CALLOUT;
        if (e->steps % STEPS_A_CLOCK == 0 && processor_time() > p->until)
                return PCRE2_ERROR_CALLOUT;
        return 0;
}

static int outcome_of(int code) {
        switch (code) {
        case PCRE2_ERROR_NOMATCH:
                return 0;
        case PCRE2_ERROR_NOMEMORY:
                return -ENOMEM;
        default: /* a limit, and a recursion that leads nowhere */
                return code < 0 ? -E2BIG : 1;
        }
}

static int match(const Pattern *p, const void *bytes, size_t n, Progress *progress) {
        pcre2_match_context *limits = pcre2_match_context_copy(p->limits);
        pcre2_match_data *found = pcre2_match_data_create(1, NULL);
        int code = PCRE2_ERROR_NOMEMORY;

        if (limits && found) {
                (void)pcre2_set_callout(limits, on_item, progress);
                code = pcre2_match(p->code, n > 0 ? bytes : (const void *)"", n, 0, 0, found,
                                   limits);
        }
        pcre2_match_data_free(found);
        pcre2_match_context_free(limits);
        return outcome_of(code);
}

int pattern_match(const Pattern *p, const void *bytes, size_t n, PatternEffort *effort) {
        usec_t begun = processor_time(),
               left = effort->taken < TIME_MAX ? TIME_MAX - effort->taken : 0;
        Progress progress = { .effort = effort, .until = begun + left };
        int r = match(p, bytes, n, &progress);

        effort->taken += processor_time() - begun;
        return r;
}
