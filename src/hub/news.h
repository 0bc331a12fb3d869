/* What a bystander is told, after the commit that made it true: states of websites, validators that
 * come and go, incidents. Told at a pace, and counted when it is not. Pure. */
#pragma once

#include <stdint.h>

#include "base/macro.h"
#include "base/time.h"

#define NEWS_TEXTS_MAX   6
#define NEWS_WAITING_MAX 2048 /* for their commit; more are not told */

typedef enum NewsKind {
        NEWS_INCIDENT_CHANGED, /* id, website, URL, kind, severity, what is seen */
        NEWS_INCIDENT_CLOSED,  /* id, website, URL, kind, cause */
        NEWS_INCIDENT_OPENED,
        NEWS_VALIDATOR_OFFLINE, /* key, name */
        NEWS_VALIDATOR_ONLINE,
        NEWS_VALIDATOR_WAITING, /* for approval: key, name, where it comes from */
        NEWS_WEBSITE_ADDED,     /* id, URL */
        NEWS_WEBSITE_FLAPPING,  /* id, URL, flapping or steady */
        NEWS_WEBSITE_REMOVED,
        NEWS_WEBSITE_STATE_CHANGED, /* id, URL, state, the state before, cause, assurance */
        _NEWS_MAX,
} NewsKind;

typedef struct NewsItem {
        NewsKind kind;
        usec_t at;                         /* hub time */
        const char *texts[NEWS_TEXTS_MAX]; /* as the kind says; NULL from the end on */
} NewsItem;

typedef struct News News;

/* item is borrowed for the call. */
typedef void (*NewsTold)(const NewsItem *item, void *userdata);

int news_new(News **ret, NewsTold told, void *userdata);
News *news_free(News *n);
DEFINE_FREEP(News, news_free);

/* Copies it, to be told when this commit is durable. Numbers do not fall. n may be NULL. */
void news_put(News *n, uint64_t commit_no, const NewsItem *item);
/* Tells what waited for this commit or an earlier one. */
void news_committed(News *n, uint64_t commit_no, usec_t now);
/* What waits never came true. */
void news_forget(News *n);

/* Since the start: not told, because there was too much of its kind. */
uint64_t news_dropped(const News *n);
/* Since the start, told or not: when it stands still, no state did change. */
uint64_t news_seen(const News *n);
