/* First the network's key, then what the link is about: a link that is not genuine asks the
 * database for nothing else, and what does not exist is answered as what is forged. */
#include "api/acknowledge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/acknowledge-page.h"
#include "api/reply.h"
#include "wire/acknowledge.h"

#define REASON "acknowledge_link" /* refused for whatever reason: one counter */

static const char invalid[] = "This link is not valid. It may have been cut: copy it whole.";
static const char unavailable[] = "This cannot be done at the moment. Try again in a minute.";

static void answer_plain(ApiCall *c, unsigned status, const char *text) {
        _cleanup_free_ char *html = NULL;

        if (acknowledge_page_plain(text, &html) < 0)
                call_unavailable(c);
        else
                reply_page(c->http, status, html);
}

static void refuse(ApiCall *c) {
        refusal_note(c->refusals, &(HttpdRefusal){ 404, REASON, invalid }, httpd_peer(c->http));
        answer_plain(c, 404, invalid);
}

static void fail(ApiCall *c, int r) {
        if (r == -ENOENT)
                refuse(c);
        else if (r == -ENOTCONN || r == -ENOBUFS || r == -EAGAIN)
                answer_plain(c, 503, unavailable);
        else
                call_fail(c, r);
}

static unsigned status_of(LinkOutcome outcome, bool use) {
        if (outcome == LINK_EXPIRED)
                return 410;
        return use && (outcome == LINK_CLOSED || outcome == LINK_USED) ? 409 : 200;
}

static void on_link(int r, const LinkRow *row, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;
        const LinkUse *use = c->state;
        _cleanup_free_ char *html = NULL;

        c->open = NULL;
        if (r >= 0)
                r = acknowledge_page(row, &html);
        if (r < 0) {
                fail(c, r);
                return;
        }
        if (row->outcome == LINK_EXPIRED)
                refusal_note(c->refusals, &(HttpdRefusal){ 410, REASON, "" }, httpd_peer(c->http));
        reply_page(c->http, status_of(row->outcome, use->use), html);
}

static int read_link(ApiCall *c, const uint8_t *key, LinkUse *ret) {
        AcknowledgeLink l;
        PublicKey network;

        memcpy(network.bytes, key, sizeof(network.bytes));
        if (acknowledge_read(c->match.parameter, &network, &l) < 0)
                return -ENOENT;
        ret->incident = l.incident;
        ret->channel = l.channel;
        ret->ends = acknowledge_ends(&l);
        return 0;
}

static void on_key(int r, const uint8_t *key, size_t n _unused_, void *userdata) {
        ApiCall *c = userdata;
        LinkUse *use = c->state;

        c->open = NULL;
        if (r >= 0)
                r = read_link(c, key, use);
        if (r >= 0)
                r = link_follow(c->api->store, use, on_link, c, &c->open);
        if (r < 0)
                fail(c, r);
}

static void follow(ApiCall *c, bool use) {
        LinkUse *state;
        int r;

        if (strlen(c->match.parameter) != ACKNOWLEDGE_TEXT_SIZE - 1) {
                refuse(c);
                return;
        }
        state = calloc(1, sizeof(*state));
        if (!state) {
                call_unavailable(c);
                return;
        }
        state->use = use;
        c->state = state;
        c->state_free = free;
        r = network_key_load(c->api->store, on_key, c, &c->open);
        if (r < 0)
                fail(c, r);
}

void acknowledge_show(ApiCall *c) {
        follow(c, false);
}

void acknowledge_use(ApiCall *c) {
        follow(c, true);
}
