/* Names of codes; see code.h. */
#include "wire/code.h"

#include <stddef.h>
#include <string.h>

#include "base/macro.h"

static const char *const code_names[_CODE_MAX] = {
        [CODE_NOT_READY] = "not_ready",
        [CODE_KEY_IN_USE] = "key_in_use",
        [CODE_PENDING] = "pending",
        [CODE_SUSPENDED] = "suspended",
        [CODE_TOO_MANY_STREAMS] = "too_many_streams",
        [CODE_TOO_MANY_CONNECTIONS] = "too_many_connections",
        [CODE_BAD_SIGNATURE] = "bad_signature",
        [CODE_BAD_CHALLENGE] = "bad_challenge",
        [CODE_BAD_AUTHORITY] = "bad_authority",
        [CODE_WRONG_NETWORK] = "wrong_network",
        [CODE_PROTOCOL] = "protocol",
        [CODE_VERSION] = "version",
        [CODE_REPLACED] = "replaced",
        [CODE_SHUTDOWN] = "shutdown",
        [CODE_INTERNAL] = "internal",
        [CODE_FORK] = "fork",
        [CODE_SEQUENCE] = "sequence",
        [CODE_APPROVED] = "approved",
        [CODE_TOO_FAST] = "too_fast",
        [CODE_BAD_BATCH] = "bad_batch",
        [CODE_ORDERS] = "orders",
        [CODE_BAD_RECEIPT] = "bad_receipt",
        [CODE_REFUSED] = "refused",
};

static const struct {
        unsigned code;
        const char *name;
} close_names[] = {
        { CLOSE_NORMAL, "normal" },       { CLOSE_GOING_AWAY, "going_away" },
        { CLOSE_TOO_LARGE, "too_large" }, { CLOSE_INTERNAL, "internal" },
        { CLOSE_PROTOCOL, "protocol" },   { CLOSE_REJECTED, "rejected" },
        { CLOSE_REPLACED, "replaced" },   { CLOSE_TIMEOUT, "timeout" },
        { CLOSE_SLOW, "slow" },           { CLOSE_BAD_SIGNATURE, "bad_signature" },
};

const char *code_name(Code c) {
        return (unsigned)c < _CODE_MAX ? code_names[c] : NULL;
}

Code code_from_name(const char *name) {
        for (size_t i = 0; i < _CODE_MAX; i++)
                if (code_names[i] && strcmp(code_names[i], name) == 0)
                        return i;
        return CODE_UNKNOWN;
}

const char *close_code_name(unsigned code) {
        for (size_t i = 0; i < ELEMENTSOF(close_names); i++)
                if (close_names[i].code == code)
                        return close_names[i].name;
        return "unknown";
}
