/* Line by line, as a line may be left out. */
#include "store/alert-text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

const char alert_text_subject[] = "{{state}}: {{name}}";
const char alert_text_body[] = "{{what}}\n"
                               "\n"
                               "{{list}}\n"
                               "Website: {{url}}\n"
                               "Since: {{since}}\n"
                               "Until: {{until}}\n"
                               "Lasted: {{lasted}}\n"
                               "Seen by: {{where}}\n"
                               "Why: {{why}}\n"
                               "More: {{link}}\n"
                               "Acknowledge: {{acknowledge}}\n";

const AlertField alert_text_fields[ALERT_FIELDS + 1] = {
        { "state", NULL },
        { "what", NULL },
        { "name", NULL },
        { "url", NULL },
        { "since", NULL },
        { "until", NULL },
        { "lasted", NULL },
        { "where", NULL },
        { "why", NULL },
        { "link", NULL },
        { "acknowledge", NULL },
        { "list", NULL },
        { 0 },
};

#define REPLACEMENT 0xfffd

/* Bytes of the character that begins here; 1 of what begins none. */
static size_t character(const char *p, uint32_t *ret) {
        const uint8_t *b = (const uint8_t *)p;
        size_t n = *b < 0xc0 ? 1 : *b < 0xe0 ? 2 : *b < 0xf0 ? 3 : 4;

        *ret = n == 1 ? *b : *b & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if ((b[i] & 0xc0) != 0x80) {
                        *ret = REPLACEMENT;
                        return 1;
                }
                *ret = *ret << 6 | (b[i] & 0x3f);
        }
        return n;
}

/* Controls of C0 and C1 and separators of lines; marks, embeddings, overrides and isolates of the
 * direction; what is invisible. */
static bool is_deceitful(uint32_t c) {
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
               (c >= 0xfff9 && c <= 0xfffb);
}

char *alert_text_clean(const char *value) {
        char *clean = malloc(strlen(value) + sizeof("...")), *to = clean;
        uint32_t c;
        size_t n;

        if (!clean)
                return NULL;
        for (const char *p = value; *p; p += n) {
                n = character(p, &c);
                if ((size_t)(to - clean) + n > ALERT_VALUE_MAX) {
                        to = stpcpy(to, "...");
                        break;
                }
                if (is_deceitful(c) || (c == ' ' && to == clean)) {
                        if (to > clean && to[-1] != ' ')
                                *to++ = ' ';
                        continue;
                }
                memcpy(to, p, n);
                to += n;
        }
        while (to > clean && to[-1] == ' ')
                to--;
        *to = '\0';
        return clean;
}

static const AlertField *find(const AlertField *fields, const char *name, size_t n) {
        for (const AlertField *f = fields; f->name; f++)
                if (strlen(f->name) == n && memcmp(f->name, name, n) == 0)
                        return f;
        return NULL;
}

/* What a line is made of, and was. */
typedef struct Line {
        const AlertField *fields;
        unsigned values, empty;
        const char *fault; /* what it could not be made of */
} Line;

static int put_line_value(FILE *to, const AlertField *f, Line *line) {
        _cleanup_free_ char *clean = alert_text_clean(f->value ? f->value : "");

        if (!clean)
                return -ENOMEM;
        line->values++;
        line->empty += !*clean;
        fputs(clean, to);
        return 0;
}

static int put_list(FILE *to, const AlertField *f, Line *line) {
        _cleanup_free_ char *copy = strdup(f->value ? f->value : "");
        char *rest = copy, *one;
        bool first = true;

        if (!copy)
                return -ENOMEM;
        line->values++;
        line->empty += !*copy;
        while ((one = strsep(&rest, "\n"))) {
                _cleanup_free_ char *clean = alert_text_clean(one);

                if (!clean)
                        return -ENOMEM;
                if (*clean)
                        fprintf(to, "%s%s", first ? "" : "\n", clean);
                first = first && !*clean;
        }
        return 0;
}

static int put_value(FILE *to, const AlertField *f, Line *line) {
        if (strcmp(f->name, "list") == 0)
                return put_list(to, f, line);
        return put_line_value(to, f, line);
}

/* Where two of this mark begin; n: nowhere. */
static size_t find_pair(const char *text, size_t n, char mark) {
        for (size_t i = 0; i + 1 < n; i++)
                if (text[i] == mark && text[i + 1] == mark)
                        return i;
        return n;
}

/* A line of n bytes. */
static int put_line(FILE *to, const char *text, size_t n, Line *line) {
        for (size_t at = 0; at < n;) {
                const char *open = text + at;
                size_t plain = find_pair(open, n - at, '{'), length;
                const AlertField *f;
                int r;

                fwrite(open, 1, plain, to);
                at += plain;
                if (at == n)
                        break;
                line->fault = open += plain;
                length = find_pair(open, n - at, '}');
                f = at + length < n ? find(line->fields, open + 2, length - 2) : NULL;
                if (!f)
                        return -EINVAL;
                r = put_value(to, f, line);
                if (r < 0)
                        return r;
                at += length + 2;
        }
        return 0;
}

static int put_lines(FILE *to, const char *template, const AlertField *fields, const char **where) {
        for (const char *p = template, *end; *p; p = end) {
                Line line = { .fields = fields };
                long before = ftell(to);
                int r;

                end = p + strcspn(p, "\n");
                r = put_line(to, p, (size_t)(end - p), &line);
                *where = line.fault;
                if (r < 0)
                        return r;
                if (line.values > 0 && line.values == line.empty)
                        (void)fseek(to, before, SEEK_SET);
                else if (*end)
                        fputc('\n', to);
                end += *end != '\0';
        }
        return 0;
}

int alert_text_fill(const char *template, const AlertField *fields, char **ret,
                    const char **where) {
        _cleanup_free_ char *text = NULL;
        const char *fault = template;
        size_t size = 0;
        FILE *to = open_memstream(&text, &size);
        int r;

        if (!to)
                return -ENOMEM;
        r = put_lines(to, template, fields, &fault);
        if (fclose(to) != 0)
                return -ENOMEM;
        if (r < 0) {
                if (where)
                        *where = fault;
                return r;
        }
        text[size] = '\0'; /* where the last line was left out */
        *ret = TAKE_PTR(text);
        return 0;
}
