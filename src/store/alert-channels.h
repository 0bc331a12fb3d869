/* Where alerts go: channels, as their administrator sees them. Their secrets are sealed by the hub
 * and mean nothing here. */
#pragma once

#include "base/id.h"
#include "store/store.h"

typedef struct AlertChannelRow {
        Uuid id;
        const char *kind, *name;               /* by alert_kind_from_name() */
        const char *settings, *filter, *rules; /* JSON objects */
        const uint8_t *secret;                 /* sealed, or NULL; only where it says so */
        size_t secret_n;
        bool enabled, is_operator; /* the latter: it is told of dpin itself, too */
        const char *disabled_reason;
        uint32_t failures, waiting; /* in a row; alerts that are not delivered yet */
        uint64_t refused;           /* alerts that were too many */
        usec_t created;
} AlertChannelRow;

typedef void (*AlertChannelRows)(int r, const AlertChannelRow *rows, size_t n, void *userdata);

/* Of every organisation. */
int alert_channels_page(Store *s, const StorePage *page, AlertChannelRows callback, void *userdata,
                        StoreCall **ret);
/* One row, with its secret; none: -ENOENT. */
int alert_channel_find(Store *s, const Uuid *id, AlertChannelRows callback, void *userdata,
                       StoreCall **ret);

typedef struct AlertChannelAdd {
        Uuid id;
        uint32_t organisation;
        const char *kind, *name, *settings, *filter, *rules;
        const uint8_t *secret; /* sealed, or NULL */
        size_t secret_n;
        const char *actor;
} AlertChannelAdd;

/* -EDOM: it cannot be, with a sentence. */
int alert_channel_add(Store *s, const AlertChannelAdd *add, StoreDone done, void *userdata,
                      StoreCall **ret);

typedef struct AlertChannelDeed {
        uint32_t organisation; /* 0: whichever (the hub's admin) */
        Uuid id;
        const char *actor;
} AlertChannelDeed;

/* What waits is dropped, the secret forgotten. -ENOENT, as below: this organisation has no such
 * channel. */
int alert_channel_remove(Store *s, const AlertChannelDeed *deed, StoreDone done, void *userdata,
                         StoreCall **ret);
/* After it was disabled. */
int alert_channel_enable(Store *s, const AlertChannelDeed *deed, StoreDone done, void *userdata,
                         StoreCall **ret);

typedef struct AlertChannelChange {
        AlertChannelDeed deed;
        const char *name, *settings, *filter, *rules; /* NULL: as it was */
        const uint8_t *sealed; /* with settings: all of them, or NULL: nothing in them is secret */
        size_t sealed_n;
} AlertChannelChange;

/* -EDOM as above. */
int alert_channel_change(Store *s, const AlertChannelChange *change, StoreDone done, void *userdata,
                         StoreCall **ret);

typedef struct AlertChannelOperator {
        AlertChannelDeed deed;
        bool is_operator;
} AlertChannelOperator;

/* Whether it is told of dpin itself, too. */
int alert_channel_set_operator(Store *s, const AlertChannelOperator *change, StoreDone done,
                               void *userdata, StoreCall **ret);

typedef struct AlertChannelSecret {
        AlertChannelDeed deed;
        const uint8_t *secret; /* sealed */
        size_t secret_n;
} AlertChannelSecret;

/* What it is from now on; the one before it is good for a day, too. -EDOM: a channel of this kind
 * has none; the text says so. */
int alert_channel_rotate(Store *s, const AlertChannelSecret *change, StoreDone done, void *userdata,
                         StoreCall **ret);

extern const PqStatement *const alert_channels_statements[];
