/* The first that is told is the reason for the others. */
#include "validator/story.h"

#include <string.h>

void check_story_detail(CheckStory *s, const char *text) {
        if (s && text && !s->detail[0])
                assert_one_line(s->detail, sizeof(s->detail), text, strlen(text));
}
