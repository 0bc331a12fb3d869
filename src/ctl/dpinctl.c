/* main() of dpinctl: the command line, the verb, the exit code. */
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "ctl/grammar.h"
#include "ctl/verbs.h"

static CtlExit usage(const char *reason) {
        fprintf(stderr, "dpinctl: %s; see dpinctl --help\n", reason ? reason : "out of memory");
        return CTL_USAGE;
}

static CtlExit no_verb(const Args *args) {
        const char *noun = args->n_words > 0 ? args->words[0] : NULL;
        _cleanup_free_ char *reason = NULL;

        if (noun && !verbs_have(noun)) {
                if (asprintf(&reason, "there is no verb \"%s\"", noun) < 0)
                        reason = NULL;
                return usage(reason);
        }
        if (args->options[OPTION_HELP]) {
                verbs_help(noun, stdout);
                return CTL_OK;
        }
        verbs_help(noun, stderr);
        return CTL_USAGE;
}

static CtlExit run(const Args *args) {
        _cleanup_free_ char *reason = NULL;
        unsigned first = 0;
        const Verb *v;

        if (args->options[OPTION_VERSION]) {
                puts("dpinctl " DPIN_VERSION);
                return CTL_OK;
        }
        v = verb_find(verbs, args, &first);
        if (!v)
                return no_verb(args);
        if (args->options[OPTION_HELP]) {
                verb_help(v, stdout);
                return CTL_OK;
        }
        reason = verb_refusal(v, args, first);
        return reason ? usage(reason) : v->run(args, args->words + first);
}

int main(int argc, char *argv[]) {
        _cleanup_free_ char *reason = NULL;
        Args args = { 0 };
        CtlExit e;

        if (args_parse(argc, argv, &args, &reason) < 0)
                return (int)usage(reason);
        args.verbs = verbs;
        e = run(&args);
        if (fflush(stdout) == 0 && !ferror(stdout))
                return (int)e;
        fputs("dpinctl: the answer could not be written\n", stderr);
        return (int)CTL_FAILED;
}
