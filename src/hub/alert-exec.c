/* One copy of the text, cut into words where it stands. */
#include "hub/alert-exec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/alert-settings.h"
#include "store/alert-text.h"

#define HOOKS_MAX 16
#define WORDS_MAX 32
#define BLANKS    " \t"

typedef struct Hook {
        const char *name;
        const char *argv[WORDS_MAX + 1];
} Hook;

struct AlertHooks {
        char *text;
        Hook hooks[HOOKS_MAX];
        size_t n;
};

/* Settings --------------------------------------------------------------------------------------
 */

/* NULL: all is well. */
static const char *cut_words(Hook *h, char *words) {
        size_t n = 0;

        for (char *word; (word = strsep(&words, BLANKS)) != NULL;) {
                if (!*word)
                        continue;
                if (n == WORDS_MAX)
                        return "a hook has at most 32 words";
                h->argv[n++] = word;
        }
        if (n == 0 || h->argv[0][0] != '/')
                return "a hook is NAME=/PATH WORD ..., with the whole path of its program";
        return NULL;
}

static const char *add_hook(AlertHooks *h, char *text) {
        char *words = strchr(text, '=');
        Hook *hook = &h->hooks[h->n];

        if (!words)
                return "a hook is NAME=/PATH WORD ..., one after the other with a semicolon "
                       "between";
        *words = '\0';
        text += strspn(text, BLANKS);
        text[strcspn(text, BLANKS)] = '\0';
        if (!alert_is_hook(text))
                return "a hook has a name of lower-case letters, digits, \"-\" and \"_\"";
        if (alert_hooks_argv(h, text))
                return "two hooks have one name";
        if (h->n == HOOKS_MAX)
                return "there are at most 16 hooks";
        hook->name = text;
        h->n++;
        return cut_words(hook, words + 1);
}

static const char *add_all(AlertHooks *h) {
        const char *refusal = NULL;
        char *rest = h->text;

        for (char *one; !refusal && (one = strsep(&rest, ";")) != NULL;)
                if (one[strspn(one, BLANKS)])
                        refusal = add_hook(h, one);
        return refusal;
}

int alert_hooks_new(AlertHooks **ret, const char *text, const char **reason) {
        _cleanup_(alert_hooks_freep) AlertHooks *h = calloc(1, sizeof(*h));
        const char *refusal;

        if (!h)
                return -ENOMEM;
        h->text = strdup(text ? text : "");
        if (!h->text)
                return -ENOMEM;
        refusal = add_all(h);
        if (refusal) {
                if (reason)
                        *reason = refusal;
                return -EINVAL;
        }
        *ret = TAKE_PTR(h);
        return 0;
}

AlertHooks *alert_hooks_free(AlertHooks *h) {
        if (!h)
                return NULL;
        free(h->text);
        free(h);
        return NULL;
}

const char *const *alert_hooks_argv(const AlertHooks *h, const char *name) {
        for (size_t i = 0; i < h->n; i++)
                if (strcmp(h->hooks[i].name, name) == 0)
                        return h->hooks[i].argv;
        return NULL;
}

/* What they are told --------------------------------------------------------------------------- */

static char *variable(const char *name, const char *value) {
        _cleanup_free_ char *clean = alert_text_clean(value ? value : "");
        char *text;

        return !clean || asprintf(&text, "%s=%s", name, clean) < 0 ? NULL : text;
}

int alert_environment_make(AlertEnvironment *ret, const AlertExec *e) {
        const AlertFacts *f = e->facts;
        char *text;
        int r = 0, n = asprintf(&text, "DPIN_TEXT=%s", e->text);

        *ret = (AlertEnvironment){ {
                        strdup("PATH=/usr/local/bin:/usr/bin:/bin"),
                        variable("DPIN_ALERT_ID", e->id),
                        variable("DPIN_CHANNEL", e->channel),
                        variable("DPIN_EVENT", e->event),
                        variable("DPIN_INCIDENT", f->incident),
                        variable("DPIN_KIND", f->kind),
                        variable("DPIN_LINK", e->link),
                        variable("DPIN_NAME", f->name),
                        variable("DPIN_SEVERITY", f->severity),
                        variable("DPIN_SINCE", f->opened),
                        variable("DPIN_SUMMARY", e->subject),
                        n < 0 ? NULL : text,
                        variable("DPIN_UNTIL", f->closed),
                        variable("DPIN_URL", f->url),
                        variable("DPIN_WEBSITE", f->website),
                        variable("DPIN_CAUSE", f->cause),
        } };
        for (size_t i = 0; i < ALERT_EXEC_VARIABLES; i++)
                if (!ret->variables[i])
                        r = -ENOMEM;
        if (r < 0)
                alert_environment_done(ret);
        return r;
}

void alert_environment_done(AlertEnvironment *e) {
        for (size_t i = 0; i < ALERT_EXEC_VARIABLES; i++)
                free(e->variables[i]);
        *e = (AlertEnvironment){ 0 };
}
