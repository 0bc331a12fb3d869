/* A head, some paragraphs, perhaps a form, which goes to where the page came from. */
#include "api/acknowledge-page.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"

static const char head[] = "<!DOCTYPE html>\n"
                           "<html lang=\"en\">\n"
                           "<head>\n"
                           "<meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width\">\n"
                           "<meta name=\"color-scheme\" content=\"light dark\">\n"
                           "<title>dpin</title>\n"
                           "</head>\n"
                           "<body>\n";
static const char foot[] = "</body>\n</html>\n";
static const char form[] = "<form method=\"post\"><button>Acknowledge</button></form>\n";

static const char *const words[_LINK_OUTCOME_MAX] = {
        [LINK_CLOSED] = "It is over: there is nothing to acknowledge any more.",
        [LINK_DONE] = "You have acknowledged it.",
        [LINK_EXPIRED] = "This link has expired. Acknowledge it in the dashboard.",
        [LINK_OPEN] = "Whoever acknowledges it says: I have seen it, and take care of it.",
        [LINK_SAME] = "It is acknowledged already.",
        [LINK_USED] = "This link has been used already.",
};

void html_put(FILE *to, const char *text) {
        for (const char *p = text; *p; p++) {
                switch (*p) {
                case '&':
                        fputs("&amp;", to);
                        break;
                case '<':
                        fputs("&lt;", to);
                        break;
                case '>':
                        fputs("&gt;", to);
                        break;
                case '"':
                        fputs("&quot;", to);
                        break;
                default:
                        fputc(*p, to);
                }
        }
}

/* Whatever direction a text takes, it ends with the text. */
static void put_foreign(FILE *to, const char *text) {
        fputs("<bdi>", to);
        html_put(to, text);
        fputs("</bdi>", to);
}

static void put_time(FILE *to, usec_t time) {
        char text[TIME_FORMAT_SIZE];

        time_format(time, text);
        fprintf(to, "%.10s %.8s UTC", text, text + 11);
}

static void put_line(FILE *to, const char *name, const char *value) {
        if (!*value)
                return;
        fprintf(to, "<p>%s: ", name);
        put_foreign(to, value);
        fputs("</p>\n", to);
}

static void put_moment(FILE *to, const char *name, usec_t time) {
        if (time == USEC_INFINITY)
                return;
        fprintf(to, "<p>%s: ", name);
        put_time(to, time);
        fputs("</p>\n", to);
}

static void put_incident(FILE *to, const LinkRow *row) {
        fputs("<h1>", to);
        put_foreign(to, *row->name ? row->name : row->url);
        fputs("</h1>\n", to);
        put_line(to, "Website", row->url);
        put_line(to, "What", row->summary);
        put_moment(to, "Since", row->opened);
        put_moment(to, "Until", row->closed);
        if (row->acknowledged == USEC_INFINITY)
                return;
        put_line(to, "Acknowledged by", row->acknowledged_by);
        put_moment(to, "Acknowledged at", row->acknowledged);
}

static int finish(FILE *to, char **text, char **ret) {
        fputs(foot, to);
        if (fclose(to) != 0)
                return -ENOMEM;
        *ret = TAKE_PTR(*text);
        return 0;
}

int acknowledge_page(const LinkRow *row, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);

        if (!to)
                return -ENOMEM;
        fputs(head, to);
        put_incident(to, row);
        fprintf(to, "<p><strong>%s</strong></p>\n", words[row->outcome]);
        if (row->outcome == LINK_OPEN)
                fputs(form, to);
        return finish(to, &text, ret);
}

int acknowledge_page_plain(const char *plain, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);

        if (!to)
                return -ENOMEM;
        fprintf(to, "%s<p>", head);
        html_put(to, plain);
        fputs("</p>\n", to);
        return finish(to, &text, ret);
}
