/* Readers stand in order of organisation: neighbours get the same text, made once. */
#include "api/sse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

struct SseReader {
        Sse *sse;
        SseReader *prev, *next;
        SseJoin who;
        bool closed;
};

struct Sse {
        SseOps ops;
        SseReader *readers;
        size_t n, places; /* places: not taken */
};

int sse_new(Sse **ret, const SseOps *ops, size_t places) {
        Sse *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->ops = *ops;
        s->places = places;
        *ret = s;
        return 0;
}

Sse *sse_free(Sse *s) {
        free(s);
        return NULL;
}

bool sse_take_place(Sse *s) {
        if (s->places == 0)
                return false;
        s->places--;
        return true;
}

void sse_give_place(Sse *s) {
        s->places++;
}

static int compare_organisations(const SseReader *a, const SseReader *b) {
        return a->who.organisation < b->who.organisation   ? -1
               : a->who.organisation > b->who.organisation ? 1
                                                           : 0;
}

int sse_join(Sse *s, const SseJoin *join, SseReader **ret) {
        SseReader *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        *r = (SseReader){ .sse = s, .who = *join };
        DL_INSERT_INORDER(s->readers, r, compare_organisations);
        s->n++;
        *ret = r;
        return 0;
}

SseReader *sse_leave(SseReader *r) {
        if (!r)
                return NULL;
        DL_DELETE(r->sse->readers, r);
        r->sse->n--;
        free(r);
        return NULL;
}

size_t sse_readers(const Sse *s) {
        return s->n;
}

static void reader_close(SseReader *r) {
        if (r->closed)
                return;
        r->closed = true;
        r->sse->ops.close(r->who.target);
}

/* text NULL: there is none for want of memory, and the reader has to come again. */
static void reader_write(SseReader *r, const char *text, size_t n) {
        if (r->closed)
                return;
        if (!text || (n > 0 && r->sse->ops.write(r->who.target, text, n) < 0))
                reader_close(r);
}

static bool may_see(const SseJoin *who, const FeedEntry *e) {
        return e->commit_no > who->position &&
               (e->organisation == 0 || e->organisation == who->organisation);
}

/* Whether entry i is the last of its commit that `who` sees. */
static bool is_last(const SseJoin *who, const FeedEntry *entries, size_t n, size_t i) {
        for (size_t k = i + 1; k < n && entries[k].commit_no == entries[i].commit_no; k++)
                if (may_see(who, &entries[k]))
                        return false;
        return true;
}

static void write_entry(FILE *f, const FeedEntry *e, bool last) {
        if (last)
                fprintf(f, "id: %llu\n", (unsigned long long)e->commit_no);
        fprintf(f, "event: %s\ndata: %s\n\n", e->kind, e->payload);
}

int sse_format(const SseJoin *who, const FeedEntry *entries, size_t n, char **ret, size_t *ret_n) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (may_see(who, &entries[i]) && !strpbrk(entries[i].payload, "\r\n"))
                        write_entry(f, &entries[i], is_last(who, entries, n, i));
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        *ret_n = size;
        return 0;
}

void sse_publish(Sse *s, const FeedEntry *entries, size_t n) {
        const SseReader *made_for = NULL;
        _cleanup_free_ char *text = NULL;
        size_t text_n = 0;
        SseReader *r;

        if (n == 0)
                return;
        DL_FOREACH(s->readers, r) {
                bool same = made_for && made_for->who.organisation == r->who.organisation &&
                            MAX(made_for->who.position, r->who.position) < entries[0].commit_no;

                if (!same) {
                        free(TAKE_PTR(text));
                        made_for = r;
                        (void)sse_format(&r->who, entries, n, &text, &text_n);
                }
                reader_write(r, text, text_n);
        }
        DL_FOREACH(s->readers, r)
        r->who.position = MAX(r->who.position, entries[n - 1].commit_no);
}

void sse_reset(Sse *s, uint64_t position) {
        char text[SSE_LINE_SIZE];
        size_t n = sse_reset_text(position, text);
        SseReader *r;

        DL_FOREACH(s->readers, r) {
                r->who.position = position;
                reader_write(r, text, n);
        }
}

static void reader_beat(SseReader *r) {
        if (!r->closed && r->sse->ops.beat)
                r->sse->ops.beat(r->who.target);
}

void sse_check(Sse *s, uint32_t token) {
        SseReader *r;

        DL_FOREACH(s->readers, r)
        if (r->who.token == token)
                reader_beat(r);
}

void sse_beat(Sse *s) {
        static const char comment[] = ":\n\n";
        SseReader *r;

        DL_FOREACH(s->readers, r) {
                reader_write(r, comment, sizeof(comment) - 1);
                reader_beat(r);
        }
}

bool sse_position_read(const char *text, uint64_t *ret) {
        uint64_t value = 0;

        if (!*text || strlen(text) > 18 || text[strspn(text, "0123456789")])
                return false;
        for (; *text; text++)
                value = value * 10 + (uint64_t)(*text - '0');
        *ret = value;
        return true;
}

size_t sse_hello(uint64_t position, char ret[static SSE_LINE_SIZE]) {
        return (size_t)snprintf(ret, SSE_LINE_SIZE, "retry: 2000\nid: %llu\n\n",
                                (unsigned long long)position);
}

size_t sse_reset_text(uint64_t position, char ret[static SSE_LINE_SIZE]) {
        return (size_t)snprintf(ret, SSE_LINE_SIZE, "id: %llu\nevent: reset\ndata: {}\n\n",
                                (unsigned long long)position);
}
