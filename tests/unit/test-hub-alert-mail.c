/* Messages of e-mail, whatever they are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "hub/alert-mail.h"

static const char *const to[] = { "ops@x.example", "boss@x.example", NULL };

static AlertMail plain(void) {
        return (AlertMail){ .from = "dpin@dpin.example",
                            .to = to,
                            .name = "Operators",
                            .id = "A",
                            .thread = "I",
                            .channel = "C",
                            .subject = "DOWN: Shop",
                            .text = "Shop is down.\n.\nWhy: refused",
                            .date = 1445412480 * USEC_PER_SEC };
}

static char *make(const AlertMail *m) {
        char *text = NULL;

        assert_int_equal(alert_mail_make(m, &text), 0);
        return text;
}

static void plain_is_plain(void **state _unused_) {
        AlertMail m = plain();
        _cleanup_free_ char *text = make(&m);

        assert_string_equal(text, "Date: Wed, 21 Oct 2015 07:28:00 +0000\r\n"
                                  "From: \"dpin\" <dpin@dpin.example>\r\n"
                                  "To: \"Operators\"\r\n <ops@x.example>,\r\n"
                                  " \"Operators\"\r\n <boss@x.example>\r\n"
                                  "Subject: DOWN: Shop\r\n"
                                  "Message-ID: <A@dpin.example>\r\n"
                                  "In-Reply-To: <incident-I@dpin.example>\r\n"
                                  "References: <incident-I@dpin.example>\r\n"
                                  "List-Unsubscribe: <mailto:dpin@dpin.example"
                                  "?subject=unsubscribe%20C>\r\n"
                                  "Auto-Submitted: auto-generated\r\n"
                                  "MIME-Version: 1.0\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Transfer-Encoding: 7bit\r\n"
                                  "\r\n"
                                  "Shop is down.\r\n.\r\nWhy: refused\r\n");
}

/* Every line of the header begins with one of ours or goes on with the one before, and has no more
 * than 78 characters. */
static void check_header(const char *text) {
        static const char *const ours[] = { "Date: ",
                                            "From: ",
                                            "To: ",
                                            "Subject: ",
                                            "Message-ID: ",
                                            "In-Reply-To: ",
                                            "References: ",
                                            "List-Unsubscribe: ",
                                            "Auto-Submitted: ",
                                            "MIME-Version: ",
                                            "Content-Type: ",
                                            "Content-Transfer-Encoding: ",
                                            " " };

        for (const char *p = text, *end; strncmp(p, "\r\n", 2) != 0; p = end + 2) {
                size_t i = 0;

                end = strstr(p, "\r\n");
                assert_non_null(end);
                while (i < ELEMENTSOF(ours) && strncmp(p, ours[i], strlen(ours[i])) != 0)
                        i++;
                if (i == ELEMENTSOF(ours) || end - p > 90 || memchr(p, '\n', (size_t)(end - p)))
                        fail_msg("%.*s", (int)(end - p), p);
        }
}

static void nothing_comes_into_the_header(void **state _unused_) {
        static const char *const bad[] = { "a\r\nBcc: x@y.example",
                                           "a\nBcc: x",
                                           "a\r\r\n\r\nbody",
                                           "\"><script>",
                                           "=?UTF-8?B?eA==?=",
                                           "a\tb",
                                           "\x01\x7f",
                                           "\"; x=\"",
                                           "back\\slash" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                AlertMail m = plain();
                _cleanup_free_ char *text = NULL;

                m.subject = m.name = bad[i];
                text = make(&m);
                check_header(text);
                assert_null(strstr(text, "\nBcc"));
        }
}

static void other_letters_are_encoded(void **state _unused_) {
        AlertMail m = plain();
        _cleanup_free_ char *text = NULL;

        m.subject = "DOWN: B\xc3\xbc"
                    "cher";
        m.text = "B\xc3\xbc"
                 "cher\n";
        m.thread = NULL;
        text = make(&m);
        check_header(text);
        assert_non_null(strstr(text, "Subject: =?UTF-8?B?RE9XTjogQsO8Y2hlcg==?=\r\n"));
        assert_non_null(strstr(text,
                               "Content-Transfer-Encoding: base64\r\n\r\nQsO8Y2hlcg0KDQo=\r\n"));
        assert_null(strstr(text, "In-Reply-To"));
}

static void long_ones_are_folded_between_characters(void **state _unused_) {
        char subject[601] = "";
        AlertMail m = plain();
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < 600; i += 3)
                memcpy(subject + i, "\xe2\x82\xac", 3);
        m.subject = subject;
        text = make(&m);
        check_header(text);
        /* 15 characters a word, none of them cut */
        assert_non_null(strstr(text, "Subject: =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4o"
                                     "Ks4oKs4oKs4oKs4oKs?=\r\n =?UTF-8?B?4oKs"));
}

static void long_lines_are_encoded(void **state _unused_) {
        char line[1000];
        AlertMail m = plain();
        _cleanup_free_ char *text = NULL;

        memset(line, 'a', sizeof(line));
        line[sizeof(line) - 1] = '\0';
        m.text = line;
        text = make(&m);
        assert_non_null(strstr(text, "base64\r\n\r\nYWFh"));
        for (const char *p = text, *end; (end = strstr(p, "\r\n")); p = end + 2)
                assert_true(end - p <= 90);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_is_plain),
                cmocka_unit_test(nothing_comes_into_the_header),
                cmocka_unit_test(other_letters_are_encoded),
                cmocka_unit_test(long_ones_are_folded_between_characters),
                cmocka_unit_test(long_lines_are_encoded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
