/* What people did with incidents, told live: read when the database says that there is something,
 * and put into the commit being collected, in order, each once, also over a restart. */
#pragma once

#include "hub/news.h"
#include "hub/writer.h"

typedef struct Deeds Deeds;

typedef struct DeedsOptions {
        Store *store; /* borrowed, as all here */
        Writer *writer;
        News *news;
        uint64_t told; /* revision up to which all were told */
        void (*failed)(int r, void *userdata);
        void *userdata;
} DeedsOptions;

int deeds_new(Deeds **ret, const DeedsOptions *options);
Deeds *deeds_free(Deeds *d);
DEFINE_FREEP(Deeds, deeds_free);

/* There may be something new. */
void deeds_read(Deeds *d);
