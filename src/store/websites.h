/* Websites as the hub works with them, and adding and removing them. What the API shows of them is
 * in website-views.h. */
#pragma once

#include "base/id.h"
#include "store/store.h"
#include "store/website-settings.h"

typedef struct WebsiteRow {
        uint32_t id, organisation;
        Uuid public_id;
        const char *url;          /* borrowed for the callback, as the settings' texts */
        WebsiteSettings settings; /* with the timeout that holds */
        uint32_t parent;          /* what it depends on; 0: nothing */
        bool paused, removed;
        uint64_t revision;
        uint64_t epoch; /* its newest one's number, 0: none; of changes after a revision only */
        usec_t created;
} WebsiteRow;

typedef void (*WebsiteRows)(int r, const WebsiteRow *rows, size_t n, void *userdata);

/* What changed after a revision, by ascending revision; removed ones too, unless revision is 0. */
int websites_load(Store *s, uint64_t revision, WebsiteRows callback, void *userdata,
                  StoreCall **ret);

/* Those that are not removed, of all organisations. */
int websites_page(Store *s, const StorePage *page, WebsiteRows callback, void *userdata,
                  StoreCall **ret);
/* One row. -ENOENT: none has this id (any more). */
int website_find(Store *s, const Uuid *id, WebsiteRows callback, void *userdata, StoreCall **ret);

typedef struct WebsiteAdd {
        uint32_t organisation;
        Uuid id; /* uuid7_new() of the caller */
        const char *url;
        WebsiteSettings settings;
        const char *actor; /* for the audit log: "token PREFIX", "uid 0" */
} WebsiteAdd;

/* -EEXIST: the organisation has this URL already. -EINVAL: a value out of its limits. */
int website_add(Store *s, const WebsiteAdd *add, StoreDone done, void *userdata, StoreCall **ret);

typedef struct WebsiteRemove {
        uint32_t organisation; /* 0: whichever (the hub's admin) */
        Uuid id;
        const char *actor;
} WebsiteRemove;

/* -ENOENT: this organisation has no such website (any more). */
int website_remove(Store *s, const WebsiteRemove *remove, StoreDone done, void *userdata,
                   StoreCall **ret);

typedef struct WebsitePause {
        Uuid id;
        bool paused; /* false: it is checked again */
        const char *actor;
} WebsitePause;

/* May be said again. -ENOENT: none has this id (any more). */
int website_pause(Store *s, const WebsitePause *pause, StoreDone done, void *userdata,
                  StoreCall **ret);

typedef struct WebsiteEdit {
        uint32_t organisation; /* 0: whichever (the hub's admin) */
        Uuid id;
        uint64_t revision; /* of the row that this was made of */
        WebsiteSettings settings;
        bool paused;
        const Uuid *parent; /* NULL: as before; zero: nothing */
        const char *actor;
} WebsiteEdit;

/* What is so already is no change. -ENOENT: it is another one by now, or gone: to be read again.
 * -EDOM: it cannot depend on that; the text says why. */
int website_edit(Store *s, const WebsiteEdit *edit, StoreDone done, void *userdata,
                 StoreCall **ret);

extern const PqStatement *const websites_statements[];
