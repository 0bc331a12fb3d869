/* What was seen becomes the fields of a tick; see check-seen.h. */
#include "validator/check-seen.h"

#include <netinet/in.h>
#include <string.h>

/* A tick whose phases take longer than timeout + this never votes. */
#define STALL_MAX USEC_PER_SEC

static const TickError http_errors[_HTTP_ERROR_MAX] = {
        [HTTP_OK] = TICK_ERROR_NONE,
        [HTTP_BLOCKED] = TICK_ERROR_GUARD,
        [HTTP_SCHEME] = TICK_ERROR_REDIRECT,
        [HTTP_DNS] = TICK_ERROR_DNS,
        [HTTP_REFUSED] = TICK_ERROR_REFUSED,
        [HTTP_UNREACHABLE] = TICK_ERROR_UNREACHABLE,
        [HTTP_RESET] = TICK_ERROR_RESET,
        [HTTP_TIMEOUT_DNS] = TICK_ERROR_TIMEOUT_DNS,
        [HTTP_TIMEOUT_CONNECT] = TICK_ERROR_TIMEOUT_CONNECT,
        [HTTP_TIMEOUT_TLS] = TICK_ERROR_TIMEOUT_TLS,
        [HTTP_TIMEOUT_WAIT] = TICK_ERROR_TIMEOUT_WAIT,
        [HTTP_TIMEOUT_TRANSFER] = TICK_ERROR_TIMEOUT_TRANSFER,
        [HTTP_TLS_EXPIRED] = TICK_ERROR_TLS_EXPIRED,
        [HTTP_TLS_NAME] = TICK_ERROR_TLS_NAME,
        [HTTP_TLS_UNTRUSTED] = TICK_ERROR_TLS_UNTRUSTED,
        [HTTP_TLS_HANDSHAKE] = TICK_ERROR_TLS_HANDSHAKE,
        [HTTP_TLS_VERSION] = TICK_ERROR_TLS_VERSION,
        [HTTP_TLS_WEAK] = TICK_ERROR_TLS_WEAK,
        [HTTP_REDIRECTS] = TICK_ERROR_REDIRECT,
        [HTTP_PROTOCOL] = TICK_ERROR_PROTOCOL,
        [HTTP_INTERNAL] = TICK_ERROR_INTERNAL,
};

static TickOutcome outcome_of(TickError error) {
        switch (error) {
        case TICK_ERROR_NONE:
                return TICK_UP;
        case TICK_ERROR_GUARD:
        case TICK_ERROR_OWN_NETWORK:
        case TICK_ERROR_INTERNAL:
        case TICK_ERROR_NOT_ALLOWED:
                return TICK_ABSTAIN;
        default:
                return TICK_DOWN;
        }
}

void check_seen_set_error(Tick *t, TickError error) {
        t->error = (uint8_t)error;
        t->outcome = outcome_of(error);
}

uint32_t check_seen_phase(usec_t phase) {
        return phase > UINT32_MAX ? UINT32_MAX : (uint32_t)phase;
}

void check_seen_set_address(Tick *t, const struct sockaddr *a) {
        if (a->sa_family == AF_INET) {
                t->family = 4;
                memcpy(t->address, &((const struct sockaddr_in *)a)->sin_addr, 4);
        } else if (a->sa_family == AF_INET6) {
                t->family = 6;
                memcpy(t->address, &((const struct sockaddr_in6 *)a)->sin6_addr, 16);
        }
}

static uint8_t flags_of(const HttpResult *r) {
        uint8_t flags = r->redirected ? TICK_REDIRECTED : 0;

        return r->truncated ? flags | TICK_TRUNCATED : flags;
}

Tick check_seen_http(const HttpResult *r) {
        Tick t = {
                .flags = flags_of(r),
                .status = (uint16_t)r->status,
                .expiry_days = (uint16_t)MIN(r->certificate_expiry_days, (uint32_t)UINT16_MAX),
                .phases = {
                        .dns = check_seen_phase(r->phase[HTTP_PHASE_DNS]),
                        .connect = check_seen_phase(r->phase[HTTP_PHASE_CONNECT]),
                        .tls = check_seen_phase(r->phase[HTTP_PHASE_TLS]),
                        .wait = check_seen_phase(r->phase[HTTP_PHASE_WAIT]),
                        .transfer = check_seen_phase(r->phase[HTTP_PHASE_TRANSFER]),
                },
                .body_length = check_seen_phase(r->body_n),
        };

        check_seen_set_error(&t, http_errors[r->error]);
        if (r->body_n > 0)
                memcpy(t.body_hash, r->body_sha256, sizeof(t.body_hash));
        check_seen_set_address(&t, (const struct sockaddr *)&r->address);
        return t;
}

void check_seen_judge_time(Tick *t, usec_t timeout) {
        if (tick_total(t) > timeout + STALL_MAX)
                check_seen_set_error(t, TICK_ERROR_INTERNAL);
}

TickError check_seen_names(ResolverOutcome outcome) {
        switch (outcome) {
        case RESOLVER_FOUND:
                return TICK_ERROR_NONE;
        case RESOLVER_TIMEOUT:
                return TICK_ERROR_TIMEOUT_DNS;
        case RESOLVER_NO_MEMORY:
                return TICK_ERROR_INTERNAL;
        default:
                return TICK_ERROR_DNS;
        }
}

int check_seen_family(uint8_t family) {
        return family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
}
