/* Found by website, of which each has a list of its few open ones; in a list in the order in which
 * they were opened, of which the first is the oldest. Those that go with the next commit whatever
 * it costs are in a list of their own. */
#include "hub/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define BLOCK_TICKS 4u /* few wait for long, and there is a page for each website */
#define SLOTS_FIRST 1024u

typedef struct Page Page;

/* Ticks of a page, which is not moved when it grows: it has been cold for seconds. */
typedef struct Block {
        struct Block *next;
        uint8_t ticks[BLOCK_TICKS * PAGE_TICK_SIZE];
} Block;

struct Page {
        uint32_t website, span; /* PAGE_SPANs since 1970 */
        uint8_t n;              /* ticks */
        uint64_t first, last;   /* commits that its ticks came with */
        usec_t since;
        Block *blocks, *last_block; /* filled up but the last */
        Page *prev, *next;
        Page *beside; /* another open one of this website */
};

struct Pages {
        Page **open; /* by website: their numbers are dense, what is removed leaves a hole */
        size_t n_open;
        Page *waiting, *due;
        size_t ticks;
        uint64_t noted; /* there may be notes from this commit on; 0: there are none */
};

int pages_new(Pages **ret) {
        Pages *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        *ret = p;
        return 0;
}

static void page_free(Page *page) {
        Block *block, *next;

        LL_FOREACH_SAFE(page->blocks, block, next) {
                free(block);
        }
        free(page);
}

static void free_all(Page *list) {
        Page *page, *next;

        DL_FOREACH_SAFE(list, page, next) {
                page_free(page);
        }
}

Pages *pages_free(Pages *p) {
        if (!p)
                return NULL;
        free(p->open);
        free_all(p->waiting);
        free_all(p->due);
        free(p);
        return NULL;
}

/* Adding --------------------------------------------------------------------------------------- */

static Page *find(const Pages *p, uint32_t website, uint32_t span) {
        Page *page = website < p->n_open ? p->open[website] : NULL;

        while (page && page->span != span)
                page = page->beside;
        return page;
}

static int reach(Pages *p, uint32_t website) {
        size_t n = MAX(p->n_open, SLOTS_FIRST);
        Page **larger;

        if (website < p->n_open)
                return 0;
        while (n <= website)
                n *= 2;
        larger = reallocarray(p->open, n, sizeof(Page *));
        if (!larger)
                return -ENOMEM;
        memset(larger + p->n_open, 0, (n - p->n_open) * sizeof(Page *));
        p->open = larger;
        p->n_open = n;
        return 0;
}

static int make_room(Page *page) {
        Block *block;

        if (page->n % BLOCK_TICKS > 0 || (page->n == 0 && page->blocks))
                return 0;
        block = malloc(sizeof(*block));
        if (!block)
                return -ENOMEM;
        block->next = NULL;
        if (page->last_block)
                page->last_block->next = block;
        else
                page->blocks = block;
        page->last_block = block;
        return 0;
}

static uint8_t *next_tick(const Page *page) {
        return page->last_block->ticks + page->n % BLOCK_TICKS * PAGE_TICK_SIZE;
}

/* With room for its first tick: none is without. */
static Page *open_page(Pages *p, uint32_t website, uint32_t span) {
        Page *page;

        if (reach(p, website) < 0)
                return NULL;
        page = calloc(1, sizeof(*page));
        if (!page)
                return NULL;
        if (make_room(page) < 0) {
                page_free(page);
                return NULL;
        }
        page->website = website;
        page->span = span;
        LL_PREPEND2(p->open[website], page, beside);
        DL_APPEND(p->waiting, page);
        return page;
}

/* It takes no more: what comes opens another one. */
static void make_due(Pages *p, Page *page) {
        LL_DELETE2(p->open[page->website], page, beside);
        DL_DELETE(p->waiting, page);
        DL_APPEND(p->due, page);
}

int pages_add(Pages *p, const TickRow *row, uint64_t commit_no, usec_t now) {
        uint32_t span = (uint32_t)(page_span(&row->tick) / PAGE_SPAN);
        Page *page = find(p, row->website, span);

        if (!page)
                page = open_page(p, row->website, span);
        if (!page || make_room(page) < 0)
                return -ENOMEM;
        if (page->n == 0) {
                page->first = commit_no;
                page->since = now;
        }
        page_encode(row, next_tick(page));
        page->last = commit_no;
        p->ticks++;
        if (++page->n == PAGE_TICKS_MAX)
                make_due(p, page);
        return 0;
}

void pages_fetch(const Pages *p, uint32_t website, unsigned step) {
        const Page *page;

        if (website >= p->n_open)
                return;
        if (step == 0) {
                __builtin_prefetch(&p->open[website]);
                return;
        }
        page = p->open[website];
        if (page && step == 1)
                fetch_lines(page, sizeof(*page));
        else if (page && page->n % BLOCK_TICKS > 0)
                fetch_lines(next_tick(page), PAGE_TICK_SIZE);
}

void pages_hurry(Pages *p, uint32_t website, usec_t now) {
        uint32_t next = (uint32_t)(now / PAGE_SPAN) + 1; /* clocks may be ahead */
        Page *page;

        for (uint32_t back = 0; back < 3; back++) {
                page = find(p, website, next - back);
                if (page)
                        make_due(p, page);
        }
}

/* Sending -------------------------------------------------------------------------------------- */

/* What was opened since goes with what is due: a note is of all ticks of a website and a span. */
static void complete_due(Pages *p) {
        Page *page, *other;

        DL_FOREACH(p->due, page) {
                other = find(p, page->website, page->span);
                if (other)
                        make_due(p, other); /* at the end of this list: nothing is like it then */
        }
}

static void make_due_until_fit(Pages *p, const PagesCommit *commit) {
        size_t n = 0, ticks = 0;

        while (p->waiting) {
                const Page *oldest = p->waiting;

                if (!commit->all && n >= PAGES_A_COMMIT && p->ticks - ticks <= PAGES_TICKS_MAX &&
                    oldest->since + PAGES_PATIENCE > commit->now)
                        return;
                ticks += oldest->n;
                n++;
                make_due(p, p->waiting);
        }
}

/* But its ticks. */
static TickPage row_of(const Page *page) {
        return (TickPage){ .website = page->website, .n = page->n, .span = page->span * PAGE_SPAN };
}

/* ret: room for PAGE_TICKS_MAX. */
static void copy_ticks(const Page *page, uint8_t *ret) {
        const Block *block = page->blocks;

        for (unsigned n = page->n, here; n > 0; n -= here, block = block->next) {
                here = MIN(n, BLOCK_TICKS);
                memcpy(ret, block->ticks, here * PAGE_TICK_SIZE);
                ret += here * PAGE_TICK_SIZE;
        }
}

/* Of pages with ticks that are newer than what others wait for, that they are written. */
static int note(Pages *p, PqTransaction *t, uint64_t commit_no, uint64_t done) {
        _cleanup_free_ TickPage *rows = NULL;
        const Page *page;
        size_t n;

        DL_COUNT(p->due, page, n);
        rows = calloc(n, sizeof(*rows));
        if (!rows)
                return -ENOMEM;
        n = 0;
        DL_FOREACH(p->due, page) {
                if (page->last > done)
                        rows[n++] = row_of(page);
        }
        if (n == 0)
                return 0;
        pages_note(t, commit_no, rows, n);
        if (p->noted == 0)
                p->noted = commit_no;
        return 0;
}

static void forget_notes(Pages *p, PqTransaction *t, uint64_t done) {
        if (p->noted == 0 || p->noted > done)
                return;
        pages_forget(t, done);
        p->noted = p->waiting ? done + 1 : 0;
}

static void put_due(Pages *p, PqTransaction *t) {
        uint8_t ticks[PAGE_TICKS_MAX * PAGE_TICK_SIZE];
        Page *page, *next;
        TickPage row;

        DL_FOREACH_SAFE(p->due, page, next) {
                copy_ticks(page, ticks);
                row = row_of(page);
                row.ticks = ticks;
                page_put(t, &row);
                p->ticks -= page->n;
                page_free(page);
        }
        p->due = NULL;
}

int pages_send(Pages *p, PqTransaction *t, const PagesCommit *commit, uint64_t *ret_done) {
        uint64_t done;
        int r = 0;

        complete_due(p);
        make_due_until_fit(p, commit);
        done = p->waiting ? p->waiting->first - 1 : commit->commit_no;
        if (p->due && p->waiting)
                r = note(p, t, commit->commit_no, done);
        if (r < 0)
                return r;
        put_due(p, t);
        forget_notes(p, t, done);
        *ret_done = done;
        return 0;
}

bool pages_is_empty(const Pages *p) {
        return !p->waiting && !p->due;
}

usec_t pages_since(const Pages *p) {
        usec_t since = p->waiting ? p->waiting->since : USEC_INFINITY;
        const Page *page;

        DL_FOREACH(p->due, page) {
                since = MIN(since, page->since);
        }
        return since;
}
