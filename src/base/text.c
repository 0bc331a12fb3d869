/* Characters are counted by their first bytes: whoever reads the text from outside has found it to
 * be UTF-8. */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>

/* C0, DEL, and C1 in its two bytes of UTF-8. */
static bool is_control(const unsigned char *c) {
        return *c < ' ' || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f);
}

static bool is_fine(const TextRule *rule, const unsigned char *c) {
        return !is_control(c) || (rule->lines && (*c == '\n' || *c == '\t'));
}

int text_judge(const TextRule *rule, const char *text, char ret[static TEXT_REFUSAL_SIZE]) {
        size_t n = 0, blanks = 0;

        for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
                if (!is_fine(rule, c)) {
                        snprintf(ret, TEXT_REFUSAL_SIZE, "%s has no control characters",
                                 rule->what);
                        return -EINVAL;
                }
                n += (*c & 0xc0) != 0x80;
                blanks += *c == ' ' || *c == '\n' || *c == '\t';
        }
        if (n > blanks && n <= rule->most)
                return 0;
        snprintf(ret, TEXT_REFUSAL_SIZE, "%s has 1 to %zu characters, not all of them blank",
                 rule->what, rule->most);
        return -EINVAL;
}
