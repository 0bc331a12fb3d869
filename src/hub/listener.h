/* The WebSocket server: a session per connection. */
#pragma once

#include <uv.h>

#include "base/macro.h"
#include "hub/session.h"

typedef struct Listener Listener;

/* fd: a listening socket; taken, also on failure. trusted_proxies may be NULL. */
int listener_new(Listener **ret, int fd, const char *trusted_proxies,
                 const SessionOptions *options);
/* Sessions are dropped without callbacks. */
Listener *listener_free(Listener *l);
DEFINE_FREEP(Listener, listener_free);

/* No new connections; says bye to all sessions. */
void listener_drain(Listener *l, Code code, unsigned retry_after);
/* What the sessions belong to is gone: says bye to all; new ones may come. */
void listener_forget(Listener *l, Code code, unsigned retry_after);
/* Accepted connections that have not joined yet. */
unsigned listener_guests(const Listener *l);
size_t listener_sessions(const Listener *l);
/* Sessions and what may become one: how many there are, and the most since this was last asked. */
unsigned listener_connections(const Listener *l, unsigned *ret_most);
const WsCounters *listener_counters(const Listener *l);
