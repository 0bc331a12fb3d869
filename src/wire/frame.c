/* Text messages by one table; see frame.h. */
#include "wire/frame.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KIB       1024
#define FROM_BOTH (FRAME_FROM_HUB | FRAME_FROM_VALIDATOR)

typedef struct FrameInfo {
        const char *name;
        unsigned from;   /* FrameFrom, or both */
        size_t size_max; /* of the text */
        const JsonField *fields;
} FrameInfo;

static const FrameInfo frame_table[_FRAME_MAX] = {
        [FRAME_HELLO] = { "hello", FRAME_FROM_HUB, 2 * KIB, frame_hello_fields },
        [FRAME_JOIN] = { "join", FRAME_FROM_VALIDATOR, FRAME_SIZE_MAX, frame_join_fields },
        [FRAME_WELCOME] = { "welcome", FRAME_FROM_HUB, FRAME_SIZE_MAX, frame_welcome_fields },
        [FRAME_REJECT] = { "reject", FRAME_FROM_HUB, 2 * KIB, frame_reject_fields },
        [FRAME_ORDERS] = { "orders", FRAME_FROM_HUB, FRAME_SIZE_MAX, frame_orders_fields },
        [FRAME_PROBE] = { "probe", FRAME_FROM_HUB, 16 * KIB, frame_probe_fields },
        [FRAME_SUSPECT] = { "suspect", FRAME_FROM_VALIDATOR, KIB, frame_suspect_fields },
        [FRAME_ACK] = { "ack", FRAME_FROM_HUB, FRAME_SIZE_MAX, frame_ack_fields },
        [FRAME_NOTICE] = { "notice", FROM_BOTH, 2 * KIB, frame_notice_fields },
        [FRAME_BYE] = { "bye", FROM_BOTH, KIB, frame_bye_fields },
};

const char *frame_kind_name(unsigned kind) {
        return kind < _FRAME_MAX ? frame_table[kind].name : "unknown";
}

size_t frame_kind_size_max(FrameKind kind) {
        return (unsigned)kind < _FRAME_MAX ? frame_table[kind].size_max : 0;
}

/* The kind, or -EBADMSG. */
static int peek_kind(const char *text, size_t n) {
        char type[FRAME_TYPE_SIZE];

        if (json_peek_string(text, n, "type", type, sizeof(type)) != 1)
                return -EBADMSG;
        for (int kind = 0; kind < _FRAME_MAX; kind++)
                if (strcmp(type, frame_table[kind].name) == 0)
                        return kind;
        return -EBADMSG;
}

int frame_decode(const char *text, size_t n, FrameFrom from, Frame *ret, const char **error) {
        const FrameInfo *info;
        int kind, r;

        if (error)
                *error = NULL;
        if (n > FRAME_SIZE_MAX)
                return -EMSGSIZE;
        kind = peek_kind(text, n);
        if (kind < 0)
                return kind;
        info = &frame_table[kind];
        if (!(info->from & from))
                return -EPROTO;
        if (n > info->size_max)
                return -EMSGSIZE;
        *ret = (Frame){ .kind = kind };
        r = json_read(text, n, info->fields, ret->type, error);
        return r == -ENOBUFS ? -EINVAL : r;
}

int frame_encode(const Frame *f, char **ret) {
        const FrameInfo *info = &frame_table[f->kind];
        _cleanup_free_ char *text = NULL;
        Frame named = *f;
        int r;

        snprintf(named.type, sizeof(named.type), "%s", info->name);
        r = json_write(info->fields, named.type, &text);
        if (r < 0)
                return r;
        if (strlen(text) > info->size_max)
                return -EMSGSIZE;
        *ret = TAKE_PTR(text);
        return 0;
}

void frame_done(Frame *f) {
        if ((unsigned)f->kind < _FRAME_MAX)
                json_done(frame_table[f->kind].fields, f->type);
}
