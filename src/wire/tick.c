/* Ticks; see tick.h. */
#include "wire/tick.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "wire/bytes.h"

#define TICK_FLAGS (TICK_REDIRECTED | TICK_TRUNCATED)

static const char *const kind_names[_TICK_KIND_MAX] = {
        [TICK_SCHEDULED] = "scheduled",
        [TICK_CONFIRM] = "confirm",
        [TICK_MANUAL] = "manual",
        [TICK_REFRESH] = "refresh",
};

static const char *const outcome_names[_TICK_OUTCOME_MAX] = {
        [TICK_UP] = "up",
        [TICK_DOWN] = "down",
        [TICK_ABSTAIN] = "abstain",
};

static const char *const error_texts[_TICK_ERROR_MAX] = {
        [TICK_ERROR_NONE] = "",
        [TICK_ERROR_DNS] = "The name could not be resolved",
        [TICK_ERROR_REFUSED] = "The connection was refused",
        [TICK_ERROR_TIMEOUT_DNS] = "Time ran out while the name was resolved",
        [TICK_ERROR_TIMEOUT_CONNECT] = "Time ran out while connecting",
        [TICK_ERROR_TIMEOUT_TLS] = "Time ran out in the TLS handshake",
        [TICK_ERROR_TIMEOUT_WAIT] = "Time ran out before an answer came",
        [TICK_ERROR_TIMEOUT_TRANSFER] = "Time ran out before the answer was whole",
        [TICK_ERROR_TLS_EXPIRED] = "The certificate has expired or is not valid yet",
        [TICK_ERROR_TLS_NAME] = "The certificate is for another name",
        [TICK_ERROR_TLS_UNTRUSTED] = "The certificate is of no trusted authority",
        [TICK_ERROR_TLS_HANDSHAKE] = "The TLS handshake failed",
        [TICK_ERROR_STATUS] = "The status is not one of those accepted",
        [TICK_ERROR_ASSERTION] = "The answer is not as it should be",
        [TICK_ERROR_TOO_LARGE] = "The answer is too large to be judged",
        [TICK_ERROR_REDIRECT] = "Redirected too often, or to where a check may not go",
        [TICK_ERROR_GUARD] = "The validator's owner does not allow this check",
        [TICK_ERROR_OWN_NETWORK] = "The validator's own network is broken",
        [TICK_ERROR_PROTOCOL] = "The answer breaks the rules of its protocol",
        [TICK_ERROR_RESET] = "The connection was closed before the answer was whole",
        [TICK_ERROR_UNREACHABLE] = "There is no way to this address",
        [TICK_ERROR_INTERNAL] = "The validator itself failed",
        [TICK_ERROR_TLS_EXPIRING] = "The certificate ends sooner than it may",
        [TICK_ERROR_TLS_VERSION] = "The server speaks no version of TLS that is new enough",
        [TICK_ERROR_TLS_WEAK] = "The server's certificate or key exchange is too weak",
        [TICK_ERROR_NOT_ALLOWED] = "The validator's machine does not allow this kind of check",
};

static const char *const error_names[_TICK_ERROR_MAX] = {
        [TICK_ERROR_NONE] = "none",
        [TICK_ERROR_DNS] = "dns",
        [TICK_ERROR_REFUSED] = "refused",
        [TICK_ERROR_TIMEOUT_DNS] = "timeout_dns",
        [TICK_ERROR_TIMEOUT_CONNECT] = "timeout_connect",
        [TICK_ERROR_TIMEOUT_TLS] = "timeout_tls",
        [TICK_ERROR_TIMEOUT_WAIT] = "timeout_wait",
        [TICK_ERROR_TIMEOUT_TRANSFER] = "timeout_transfer",
        [TICK_ERROR_TLS_EXPIRED] = "tls_expired",
        [TICK_ERROR_TLS_NAME] = "tls_name",
        [TICK_ERROR_TLS_UNTRUSTED] = "tls_untrusted",
        [TICK_ERROR_TLS_HANDSHAKE] = "tls_handshake",
        [TICK_ERROR_STATUS] = "status",
        [TICK_ERROR_ASSERTION] = "assertion",
        [TICK_ERROR_TOO_LARGE] = "too_large",
        [TICK_ERROR_REDIRECT] = "redirect",
        [TICK_ERROR_GUARD] = "guard",
        [TICK_ERROR_OWN_NETWORK] = "own_network",
        [TICK_ERROR_PROTOCOL] = "protocol",
        [TICK_ERROR_RESET] = "reset",
        [TICK_ERROR_UNREACHABLE] = "unreachable",
        [TICK_ERROR_INTERNAL] = "internal",
        [TICK_ERROR_TLS_EXPIRING] = "tls_expiring",
        [TICK_ERROR_TLS_VERSION] = "tls_version",
        [TICK_ERROR_TLS_WEAK] = "tls_weak",
        [TICK_ERROR_NOT_ALLOWED] = "not_allowed",
};

static size_t address_size(uint8_t family) {
        return family == 6 ? 16 : family == 4 ? 4 : 0;
}

static bool tick_valid(const Tick *t) {
        if ((unsigned)t->kind >= _TICK_KIND_MAX)
                return false;
        if (t->outcome < TICK_UP || t->outcome > TICK_ABSTAIN)
                return false;
        if ((t->outcome == TICK_UP) != (t->error == TICK_ERROR_NONE))
                return false;
        if (t->family != 0 && t->family != 4 && t->family != 6)
                return false;
        return !(t->flags & ~TICK_FLAGS) && t->start >= 0;
}

int tick_encode(const Tick *t, uint8_t ret[static TICK_SIZE_MAX]) {
        ByteWriter w = byte_writer(ret, TICK_SIZE_MAX);

        if (!tick_valid(t))
                return -EINVAL;
        write_bytes(&w, t->order.bytes, sizeof(t->order.bytes));
        write_u8(&w, (uint8_t)(t->kind << 4 | t->family));
        write_u8(&w, (uint8_t)t->outcome);
        write_u8(&w, t->error);
        write_u8(&w, t->flags);
        write_u32(&w, t->number);
        write_u64(&w, (uint64_t)t->start);
        write_u16(&w, t->status);
        write_u16(&w, t->expiry_days);
        write_u32(&w, t->phases.dns);
        write_u32(&w, t->phases.connect);
        write_u32(&w, t->phases.tls);
        write_u32(&w, t->phases.wait);
        write_u32(&w, t->phases.transfer);
        write_u32(&w, t->body_length);
        write_bytes(&w, t->body_hash, sizeof(t->body_hash));
        write_bytes(&w, t->address, address_size(t->family));
        return write_finish(&w);
}

/* Offsets as the header of tick.h has them; the address, of what size its family says, is last. */
static void read_tick(const uint8_t *bytes, Tick *ret) {
        *ret = (Tick){
                .kind = bytes[16] >> 4,
                .outcome = bytes[17],
                .error = bytes[18],
                .flags = bytes[19],
                .family = bytes[16] & 0x0f,
                .number = get_u32(bytes + 20),
                .start = (int64_t)get_u64(bytes + 24),
                .status = get_u16(bytes + 32),
                .expiry_days = get_u16(bytes + 34),
                .phases = { get_u32(bytes + 36), get_u32(bytes + 40), get_u32(bytes + 44),
                            get_u32(bytes + 48), get_u32(bytes + 52) },
                .body_length = get_u32(bytes + 56),
        };
        memcpy(ret->order.bytes, bytes, sizeof(ret->order.bytes));
        memcpy(ret->body_hash, bytes + 60, sizeof(ret->body_hash));
}

int tick_decode(const void *bytes, size_t n, Tick *ret) {
        size_t address;
        Tick t;

        if (n < TICK_SIZE_MIN)
                return -EBADMSG;
        read_tick(bytes, &t);
        address = address_size(t.family);
        if (!tick_valid(&t) || n < TICK_SIZE_MIN + address)
                return -EBADMSG;
        memcpy(t.address, (const uint8_t *)bytes + TICK_SIZE_MIN, address);
        *ret = t;
        return (int)(TICK_SIZE_MIN + address);
}

uint64_t tick_phases_total(const TickPhases *phases) {
        return (uint64_t)phases->dns + phases->connect + phases->tls + phases->wait +
               phases->transfer;
}

uint64_t tick_total(const Tick *t) {
        return tick_phases_total(&t->phases);
}

static const char *name_of(const char *const *names, size_t n, unsigned value) {
        return value < n && names[value] ? names[value] : "unknown";
}

const char *tick_kind_name(unsigned kind) {
        return name_of(kind_names, ELEMENTSOF(kind_names), kind);
}

const char *tick_outcome_name(unsigned outcome) {
        return name_of(outcome_names, ELEMENTSOF(outcome_names), outcome);
}

const char *tick_error_name(unsigned error) {
        return name_of(error_names, ELEMENTSOF(error_names), error);
}

const char *tick_error_text(unsigned error) {
        return error < _TICK_ERROR_MAX ? error_texts[error]
                                       : "A newer validator found a failure without a name here";
}
