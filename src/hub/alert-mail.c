/* Header by header. Text that is not plain ASCII is encoded: words of a header by RFC 2047, the
 * body by base64, so that no byte of it can be taken for structure. */
#include "hub/alert-mail.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"

#define BASE64         sodium_base64_VARIANT_ORIGINAL
#define WORD_BYTES     45  /* of text in an encoded word, which has 75 characters at most */
#define LINE_BYTES     57  /* of text in a line of base64 */
#define LINE_MAX_ASCII 900 /* RFC 5322 allows 998 */
#define HEADER_MAX     60  /* of text that is written as it is */

static bool is_plain(const char *text) {
        size_t n = strlen(text);

        for (const char *p = text; *p; p++)
                if (*p < ' ' || *p > '~')
                        return false;
        return n <= HEADER_MAX && !strstr(text, "=?");
}

/* As many bytes as fit into a word without cutting a character. */
static size_t word_length(const char *p) {
        size_t n = strlen(p);

        if (n <= WORD_BYTES)
                return n;
        for (n = WORD_BYTES; n > WORD_BYTES - 4 && ((uint8_t)p[n] & 0xc0) == 0x80; n--)
                ;
        return n;
}

static void put_words(FILE *to, const char *text) {
        char word[sodium_base64_ENCODED_LEN(WORD_BYTES, BASE64)];

        for (const char *p = text; *p;) {
                size_t n = word_length(p);

                (void)sodium_bin2base64(word, sizeof(word), (const uint8_t *)p, n, BASE64);
                fprintf(to, "%s=?UTF-8?B?%s?=", p == text ? "" : "\r\n ", word);
                p += n;
        }
}

static void put_text(FILE *to, const char *header, const char *text) {
        fprintf(to, "%s: ", header);
        if (is_plain(text))
                fputs(text, to);
        else
                put_words(to, text);
        fputs("\r\n", to);
}

/* A name stands in quotes unless it is encoded. */
static void put_recipients(FILE *to, const AlertMail *m) {
        fputs("To: ", to);
        for (size_t i = 0; m->to[i]; i++) {
                fputs(i == 0 ? "" : ",\r\n ", to);
                if (is_plain(m->name) && !strpbrk(m->name, "\"\\"))
                        fprintf(to, "\"%s\"", m->name);
                else
                        put_words(to, m->name);
                fprintf(to, "\r\n <%s>", m->to[i]);
        }
        fputs("\r\n", to);
}

static void put_date(FILE *to, usec_t date) {
        time_t t = (time_t)(date / USEC_PER_SEC);
        char text[64];
        struct tm tm;

        gmtime_r(&t, &tm);
        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
        fprintf(to, "Date: %s\r\n", text);
}

/* The thread's first message need not be: all of them refer to it. */
static void put_ids(FILE *to, const AlertMail *m) {
        const char *at = strchr(m->from, '@'), *domain = at ? at + 1 : "localhost";

        fprintf(to, "Message-ID: <%s@%s>\r\n", m->id, domain);
        if (m->thread)
                fprintf(to,
                        "In-Reply-To: <incident-%s@%s>\r\n"
                        "References: <incident-%s@%s>\r\n",
                        m->thread, domain, m->thread, domain);
        fprintf(to, "List-Unsubscribe: <mailto:%s?subject=unsubscribe%%20%s>\r\n", m->from,
                m->channel);
}

static bool is_short_ascii(const char *text) {
        size_t line = 0;

        for (const char *p = text; *p; p++) {
                line = *p == '\n' ? 0 : line + 1;
                if (line > LINE_MAX_ASCII || (*p != '\n' && (*p < ' ' || *p > '~')))
                        return false;
        }
        return true;
}

static void put_crlf(FILE *to, const char *text) {
        for (const char *p = text; *p; p++) {
                if (*p == '\n')
                        fputc('\r', to);
                fputc(*p, to);
        }
        fputs("\r\n", to);
}

/* What is encoded is the text with the line ends of mail. */
static int put_base64(FILE *to, const char *text) {
        char line[sodium_base64_ENCODED_LEN(LINE_BYTES, BASE64)];
        _cleanup_free_ char *crlf = NULL;
        size_t size = 0;
        FILE *lines = open_memstream(&crlf, &size);

        if (!lines)
                return -ENOMEM;
        put_crlf(lines, text);
        if (fclose(lines) != 0)
                return -ENOMEM;
        for (size_t i = 0; i < size; i += LINE_BYTES) {
                (void)sodium_bin2base64(line, sizeof(line), (const uint8_t *)crlf + i,
                                        MIN(size - i, (size_t)LINE_BYTES), BASE64);
                fprintf(to, "%s\r\n", line);
        }
        return 0;
}

static int put_message(FILE *to, const AlertMail *m) {
        bool ascii = is_short_ascii(m->text);

        put_date(to, m->date);
        fprintf(to, "From: \"dpin\" <%s>\r\n", m->from);
        put_recipients(to, m);
        put_text(to, "Subject", m->subject);
        put_ids(to, m);
        fprintf(to,
                "Auto-Submitted: auto-generated\r\n"
                "MIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: %s\r\n"
                "\r\n",
                ascii ? "7bit" : "base64");
        if (!ascii)
                return put_base64(to, m->text);
        put_crlf(to, m->text);
        return 0;
}

int alert_mail_make(const AlertMail *m, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&text, &size);
        int r;

        if (!to)
                return -ENOMEM;
        r = put_message(to, m);
        if (fclose(to) != 0)
                return -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        return 0;
}
