/* Signature, form, own hash: in this order. */
#include "validator/receipts.h"

#include <errno.h>

#include "base/failpoint.h"

int receipt_apply(Spool *spool, const JsonBytes *bytes, const PublicKey *hub,
                  const SignScope *scope, Receipt *ret) {
        Hash own;
        int r;

        if (bytes->n == 0 || receipt_verify(bytes->data, bytes->n, hub, scope) < 0 ||
            receipt_parse(bytes->data, bytes->n, ret) < 0)
                return -EBADMSG;

        r = spool_hash(spool, ret->incarnation, ret->to, &own);
        if (r <= 0)
                return r;
        if (!hash_equal(&own, &ret->hash))
                return -ESTALE;
        failpoint("validator-acked"); /* the hub has it, the spool too */
        return spool_trim(spool, ret, bytes->data, bytes->n);
}
