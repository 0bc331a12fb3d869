/* /api/v1/channels and /api/v1/channel: where alerts go. */
#pragma once

#include "api/call.h"

void channels_list(ApiCall *c);
void channel_show(ApiCall *c);
void channel_create(ApiCall *c);
void channel_update(ApiCall *c);
void channel_delete(ApiCall *c);
void channel_post_enable(ApiCall *c);
void channel_post_rotate(ApiCall *c);
void channel_post_test(ApiCall *c);
