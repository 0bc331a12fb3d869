/* A fixed number of bytes, one statement. */
#include "wire/acknowledge.h"

#include <errno.h>
#include <string.h>

#include "wire/bytes.h"

#define ID_SIZE sizeof(((Uuid *)0)->bytes)

uint32_t acknowledge_last_day(usec_t now) {
        return (uint32_t)(now / USEC_PER_DAY) + ACKNOWLEDGE_DAYS;
}

usec_t acknowledge_ends(const AcknowledgeLink *l) {
        return ((usec_t)l->day + 1) * USEC_PER_DAY;
}

static Statement statement_of(const SignScope *scope, const uint8_t *body) {
        return (Statement){ DOMAIN_ACKNOWLEDGE, scope, body, ACKNOWLEDGE_BODY_SIZE };
}

int acknowledge_make(const SignKey *k, const AcknowledgeLink *l,
                     char ret[static ACKNOWLEDGE_TEXT_SIZE]) {
        const SignScope scope = { .network = *sign_key_public(k), .subject = *sign_key_public(k) };
        uint8_t bytes[ACKNOWLEDGE_SIZE];
        ByteWriter w = byte_writer(bytes, sizeof(bytes));
        Statement s = statement_of(&scope, bytes);
        Signature signature;
        int r;

        write_bytes(&w, l->incident.bytes, ID_SIZE);
        write_bytes(&w, l->channel.bytes, ID_SIZE);
        write_u32(&w, l->day);
        r = sign_statement(k, &s, &signature);
        if (r < 0)
                return r;
        write_bytes(&w, signature.bytes, sizeof(signature.bytes));
        base64url_encode(bytes, sizeof(bytes), ret);
        return 0;
}

int acknowledge_read(const char *text, const PublicKey *network, AcknowledgeLink *ret) {
        const SignScope scope = { .network = *network, .subject = *network };
        uint8_t bytes[ACKNOWLEDGE_SIZE];
        Statement s = statement_of(&scope, bytes);
        Signature signature;

        if (base64url_decode(text, bytes, sizeof(bytes)) != (int)sizeof(bytes))
                return -EBADMSG;
        memcpy(signature.bytes, bytes + ACKNOWLEDGE_BODY_SIZE, sizeof(signature.bytes));
        if (sign_verify(network, &s, &signature) < 0)
                return -EBADMSG;
        memcpy(ret->incident.bytes, bytes, ID_SIZE);
        memcpy(ret->channel.bytes, bytes + ID_SIZE, ID_SIZE);
        ret->day = get_u32(bytes + 2 * ID_SIZE);
        return 0;
}
