/* One line for many: whoever floods the API shall not flood the journal. */
#include "api/refusal.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/log-ids.h"
#include "base/log.h"

static const char *source_of(const struct sockaddr *peer, char ret[static INET6_ADDRSTRLEN]) {
        const void *address = NULL;

        if (peer && peer->sa_family == AF_INET)
                address = &((const struct sockaddr_in *)peer)->sin_addr;
        else if (peer && peer->sa_family == AF_INET6)
                address = &((const struct sockaddr_in6 *)peer)->sin6_addr;
        if (!address || !inet_ntop(peer->sa_family, address, ret, INET6_ADDRSTRLEN))
                snprintf(ret, INET6_ADDRSTRLEN, "unknown");
        return ret;
}

void refusal_note(Refusals *r, const HttpdRefusal *refusal, const struct sockaddr *peer) {
        char text[INET6_ADDRSTRLEN];
        const char *source = source_of(peer, text);

        if (refusals_count(r, refusal->code, source, now_boottime()))
                log_event(LOG_NOTICE, DPIN_MSG_REQUEST_REFUSED, "request refused",
                          "DPIN_REASON=%s\nDPIN_STATUS=%u\nDPIN_SOURCE=%s", refusal->code,
                          refusal->status, source);
}

static void on_summary(const char *code, const char *source, uint64_t more,
                       void *userdata _unused_) {
        log_event(LOG_NOTICE, DPIN_MSG_SUMMARY, "refused again within a minute",
                  "DPIN_REASON=%s\nDPIN_SOURCE=%s\nDPIN_COUNT=%llu", code, source,
                  (unsigned long long)more);
}

void refusal_summarise(Refusals *r) {
        refusals_summarise(r, now_boottime(), on_summary, NULL);
}
