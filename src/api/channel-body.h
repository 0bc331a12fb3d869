/* What people send about channels of alerts, read and judged member by member. What is set for a
 * kind, filters and rules are judged where the hub has them judged, too. Pure. */
#pragma once

#include <stdbool.h>

#include "api/body.h"

typedef struct ChannelBody {
        char *kind, *name;               /* NULL: not sent */
        char *settings, *filter, *rules; /* JSON objects */
        char *shown; /* of settings in which something is secret: what may be seen; or NULL */
        bool signs;  /* of a new one: it gets a secret of its own */
} ChannelBody;

/* For a new one, whole. 0, and *ret is to be done; or -EINVAL with *problem. */
int channel_body_read(const char *text, size_t n, ChannelBody *ret, BodyProblem *problem);
/* What is to be changed, without a kind: that stays. As above; what it sets is still to be judged.
 */
int channel_patch_read(const char *text, size_t n, ChannelBody *ret, BodyProblem *problem);
/* Whether a channel of this kind can be so; sets `shown`. 0; -EINVAL, also when there is no memory.
 */
int channel_body_judge(ChannelBody *body, const char *kind, BodyProblem *problem);
/* Overwrites settings. */
void channel_body_done(ChannelBody *body);
