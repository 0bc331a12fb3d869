/* Trimming the spool by the hub's signed word, and by nothing else. */
#pragma once

#include "base/json.h"
#include "validator/spool.h"
#include "wire/receipt.h"

/* Verifies the receipt, compares its hash with the spool's own of that batch, and trims. 0;
 * -EBADMSG: not signed by the hub for this validator; -ESTALE: another hash, nothing is trimmed. A
 * receipt for what is not in the spool any more changes nothing. */
int receipt_apply(Spool *spool, const JsonBytes *bytes, const PublicKey *hub,
                  const SignScope *scope, Receipt *ret);
