/* Where log events go: the journal with all fields, or one readable line on stderr. Which of the
 * two is asked of the kernel per event, not remembered: a daemon may redirect stderr. The level is
 * the process's one setting kept outside a struct. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/time.h"

#define FIELDS_MAX 24
#define SEPARATOR  '\x1e' /* stands for the format's line ends while values are filled in */

static int log_level = LOG_INFO;

void log_set_level(int level) {
        log_level = level;
}

int log_get_level(void) {
        return log_level;
}

static const char *const level_names[] = {
        [LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",     [LOG_CRIT] = "crit",
        [LOG_ERR] = "err",     [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
        [LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

int log_set_level_name(const char *name) {
        for (int i = 0; i <= LOG_DEBUG; i++)
                if (strcmp(name, level_names[i]) == 0) {
                        log_set_level(i);
                        return 0;
                }
        return -EINVAL;
}

const char *log_level_name(int level) {
        return level_names[CLAMP(level, LOG_EMERG, LOG_DEBUG)];
}

static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        char own[48];
        struct stat st;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        return strcmp(stream, own) == 0;
}

/* Foreign text must neither start a field nor a line of its own, nor move the cursor of a terminal.
 * Trailing line ends, as libpq's messages have them, just go. */
static void clean(char *text) {
        size_t n = strlen(text);

        while (n > 0 && text[n - 1] == '\n')
                text[--n] = '\0';
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == '\x7f')
                        *text = '?';
}

/* Cuts "A=1<sep>B=2" into at most FIELDS_MAX cleaned pieces; the last one takes what is over. */
static size_t split_fields(char *text, char *fields[static FIELDS_MAX]) {
        size_t n = 0;

        while (text && n < FIELDS_MAX) {
                char *end = n + 1 < FIELDS_MAX ? strchr(text, SEPARATOR) : NULL;

                if (end)
                        *end++ = '\0';
                clean(text);
                if (*text)
                        fields[n++] = text;
                text = end;
        }
        return n;
}

static size_t count_char(const char *text, char c) {
        size_t n = 0;

        for (; *text; text++)
                n += *text == c;
        return n;
}

static void replace_char(char *text, char from, char to) {
        for (; *text; text++)
                if (*text == from)
                        *text = to;
}

/* Fills in the values so that no value can add a field: one that holds the separator makes
 * everything a single field. */
static char *format_fields(const char *format, va_list ap) {
        _cleanup_free_ char *separated = strdup(format), *text = NULL, *single = NULL;

        if (!separated)
                return NULL;
        replace_char(separated, '\n', SEPARATOR);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the caller's literal, checked there; only  \
                                                        line ends differ */
        if (vasprintf(&text, separated, ap) < 0) {
                text = NULL;
                return NULL;
        }
#pragma GCC diagnostic pop
        if (count_char(text, SEPARATOR) == count_char(format, '\n'))
                return TAKE_PTR(text);
        replace_char(text, SEPARATOR, '?');
        if (asprintf(&single, "DPIN_FIELDS=%s", text) < 0)
                single = NULL;
        return TAKE_PTR(single);
}

static struct iovec iovec_of(const char *text) {
        return (struct iovec){ .iov_base = (char *)text, .iov_len = strlen(text) };
}

static int send_journal(int level, const char *id, const char *message, char **fields,
                        size_t n_fields) {
        _cleanup_free_ char *message_field = NULL;
        char priority[] = "PRIORITY=0", message_id[sizeof("MESSAGE_ID=") + 32];
        struct iovec iov[FIELDS_MAX + 3];
        int n = 0;

        if (asprintf(&message_field, "MESSAGE=%s", message) < 0) {
                message_field = NULL;
                return -ENOMEM;
        }
        priority[sizeof(priority) - 2] = (char)('0' + CLAMP(level, LOG_EMERG, LOG_DEBUG));
        iov[n++] = iovec_of(message_field);
        iov[n++] = iovec_of(priority);
        if (id) {
                snprintf(message_id, sizeof(message_id), "MESSAGE_ID=%s", id);
                iov[n++] = iovec_of(message_id);
        }
        for (size_t i = 0; i < n_fields; i++)
                iov[n++] = iovec_of(fields[i]);
        return sd_journal_sendv(iov, n);
}

/* One write per line, so lines of several processes do not mix. */
static void send_stderr(int level, const char *message, char **fields, size_t n_fields) {
        _cleanup_free_ char *line = NULL;
        char time[TIME_FORMAT_SIZE];
        size_t size;
        FILE *f;

        f = open_memstream(&line, &size);
        if (!f)
                return;
        fprintf(f, "%s %s: %s", time_format(now_realtime(), time), log_level_name(level), message);
        for (size_t i = 0; i < n_fields; i++)
                fprintf(f, " %s", fields[i]);
        fputc('\n', f);
        if (fclose(f) == 0 && write(STDERR_FILENO, line, size) < 0)
                return; /* nobody is left to be told */
}

static void send_entry(int level, const char *id, char *message, char *text) {
        char *fields[FIELDS_MAX];
        size_t n = split_fields(text, fields);

        clean(message);
        if (stderr_is_journal() && send_journal(level, id, message, fields, n) >= 0)
                return;
        send_stderr(level, message, fields, n);
}

void log_event(int level, const char *message_id, const char *message, const char *fields, ...) {
        _cleanup_free_ char *own = NULL, *text = NULL;
        va_list ap;

        if (level > log_level)
                return;
        own = strdup(message);
        if (fields) {
                va_start(ap, fields);
                text = format_fields(fields, ap);
                va_end(ap);
        }
        if (own)
                send_entry(level, message_id, own, text);
}

void log_print(int level, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        va_list ap;
        int r;

        if (level > log_level)
                return;
        va_start(ap, format);
        r = vasprintf(&message, format, ap);
        va_end(ap);
        if (r < 0)
                message = NULL;
        else
                send_entry(level, NULL, message, NULL);
}
