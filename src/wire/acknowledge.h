/* Links by which whoever got an alert acknowledges its incident, without a password: the hub makes
 * them, and the API reads them with the network's public key alone.
 *
 *      base64url of: incident (16 bytes) | channel (16) | last day (4, big-endian) | signature (64)
 *
 * The signature is that of a statement of the domain "dpin.v1 ack" by the network key, which is its
 * subject as well, over the first 36 bytes. Whether it was used already the database knows. Pure.
 */
#pragma once

#include "base/encode.h"
#include "base/id.h"
#include "base/time.h"
#include "wire/sign.h"

#define ACKNOWLEDGE_PATH      "/acknowledge/" /* of dpin-api, before a link's text */
#define ACKNOWLEDGE_BODY_SIZE 36
#define ACKNOWLEDGE_SIZE      (ACKNOWLEDGE_BODY_SIZE + SIGN_SIGNATURE_SIZE)
#define ACKNOWLEDGE_TEXT_SIZE BASE64URL_SIZE(ACKNOWLEDGE_SIZE)
#define ACKNOWLEDGE_DAYS      7u /* full ones, beside the day on which it was made */

typedef struct AcknowledgeLink {
        Uuid incident, channel;
        uint32_t day; /* since 1970, the last on which it is good, to its end in UTC */
} AcknowledgeLink;

/* The last day of a link that is made now: the same for a whole day, as alerts may come twice. */
uint32_t acknowledge_last_day(usec_t now);
/* When it is good no more, since 1970. */
usec_t acknowledge_ends(const AcknowledgeLink *l);

/* k: the network key. 0; negative errno as sign_statement(). */
int acknowledge_make(const SignKey *k, const AcknowledgeLink *l,
                     char ret[static ACKNOWLEDGE_TEXT_SIZE]);
/* 0; -EBADMSG: it is none, or not of this network. There is one text for each link. */
int acknowledge_read(const char *text, const PublicKey *network, AcknowledgeLink *ret);
