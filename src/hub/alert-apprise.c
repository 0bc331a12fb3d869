/* Whatever is no success is tried again: who is asked may be put right. */
#include "hub/alert-apprise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "hub/alert-words.h"

typedef struct Answer {
        bool ok;
        char *error;
} Answer;

static const JsonField answer_fields[] = {
        { .name = "ok", .type = JSON_BOOL, .offset = offsetof(Answer, ok) },
        { .name = "error",
          .type = JSON_TEXT,
          .optional = true,
          .offset = offsetof(Answer, error),
          .size = 2048 },
        { 0 },
};

int alert_apprise_ask(const AlertApprise *a, char **ret) {
        _cleanup_(json_writer_freep) JsonWriter *json = NULL;
        _cleanup_(alert_words_wipep) char *text = NULL;
        size_t n;
        char *line;
        int r;

        r = json_writer_new(&json);
        if (r < 0)
                return r;
        json_writer_open_object(json, NULL);
        json_writer_string(json, "url", a->url);
        json_writer_string(json, "title", a->title);
        json_writer_string(json, "body", a->body);
        json_writer_string(json, "allow", a->allow ? a->allow : "");
        json_writer_number(json, "seconds", (int64_t)(a->timeout / USEC_PER_SEC));
        json_writer_close(json);
        r = json_writer_take(json, &text);
        if (r < 0)
                return r;
        n = strlen(text);
        line = malloc(n + 2);
        if (!line)
                return -ENOMEM;
        memcpy(line, text, n);
        memcpy(line + n, "\n", 2);
        *ret = line;
        return 0;
}

static const char *why(int error) {
        switch (error) {
        case -ENOENT:
        case -ECONNREFUSED:
                return "dpin-apprise.socket is not there";
        case -ENODATA:
        case -ECONNRESET:
                return "dpin-apprise ended without an answer: its journal says why";
        case -ETIMEDOUT:
                return "dpin-apprise gave no answer in time";
        default:
                return strerror(-error);
        }
}

void alert_apprise_judge(int error, const char *answer, AlertVerdict *ret) {
        Answer a = { 0 };

        *ret = (AlertVerdict){ .state = ALERT_PENDING };
        if (error < 0)
                snprintf(ret->error, sizeof(ret->error), "%s", why(error));
        else if (json_read(answer, strlen(answer), answer_fields, &a, NULL) < 0)
                snprintf(ret->error, sizeof(ret->error), "dpin-apprise answered what is none");
        else if (a.ok)
                ret->state = ALERT_DELIVERED;
        else
                snprintf(ret->error, sizeof(ret->error), "Apprise: %s",
                         a.error && *a.error ? a.error : "it failed");
        json_done(answer_fields, &a);
}
