/* Connections of the HTTP server and its door, shared by the httpd*.c files only. A connection is
 * taken in by httpd-door.c, where its first head is looked at; then the library has it. */
#pragma once

#include <netinet/in.h>
#include <uthash.h>
#include <uv.h>

#include "base/time.h"
#include "event/httpd-head.h"
#include "event/httpd.h"

typedef struct HttpdConnection HttpdConnection;

/* Guests and leaving ones are the door's, the others the library's. */
typedef enum ConnectionPhase {
        CONNECTION_GUEST,    /* its first head is awaited */
        CONNECTION_LEAVING,  /* refused; what it still says is thrown away */
        CONNECTION_SETTLING, /* handed to the library, which has not begun with it */
        CONNECTION_IDLE,     /* between requests */
        CONNECTION_BUSY,     /* with one */
        CONNECTION_GOING,    /* shut down: the library will notice */
        _CONNECTION_PHASE_MAX,
} ConnectionPhase;

/* Who has connections: an IPv4 address, or a /64 of IPv6. */
typedef struct HttpdHost {
        uint8_t key[9]; /* 4 and zeros, or 8 and 6 */
        unsigned n;
        UT_hash_handle hh;
} HttpdHost;

typedef struct HttpdAddress {
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        };
        socklen_t n;
} HttpdAddress;

struct HttpdConnection {
        Httpd *server;                /* borrowed */
        HttpdConnection *prev, *next; /* in the list of its phase, the oldest first */
        int fd;
        ConnectionPhase phase;
        bool watched;    /* by the door */
        bool reading;    /* busy with a request that is not whole */
        usec_t deadline; /* USEC_INFINITY: none */
        HttpdAddress address;
        HttpdHost *host; /* NULL: it is not counted */
        HttpdHead head;  /* of the request that came last */
        HttpdText target;
        const HttpdRefusal *refusal; /* of the target */
};

typedef struct HttpdDoor {
        int fd, epoll_fd; /* listening; of guests and leaving ones. -1: none */
        uv_poll_t poll, guests;
        unsigned handles; /* of the two, open */
        bool paused;      /* for want of descriptors */
        char *scratch;    /* a head, peeked at */
} HttpdDoor;

/* All connections there are. */
typedef struct HttpdLines {
        HttpdConnection *lists[_CONNECTION_PHASE_MAX];
        unsigned n[_CONNECTION_PHASE_MAX], most; /* most: of all together since that was asked */
        unsigned ended_max; /* leaving: more are closed at once, and their answer may get lost;
                             * going: until there are fewer nobody makes room */
        HttpdHost *hosts;
} HttpdLines;

extern const HttpdRefusal httpd_too_long, httpd_too_many, httpd_too_slow;

/* A guest. -EUSERS: its address has as many as it may have. */
int httpd_connection_new(HttpdConnection **ret, Httpd *h, int fd, const HttpdAddress *address);
/* Not the socket. */
HttpdConnection *httpd_connection_free(HttpdConnection *c);
void httpd_connection_move(HttpdConnection *c, ConnectionPhase phase, usec_t time);
/* The library's: shut down. */
void httpd_connection_end(HttpdConnection *c);
/* The one that was handed over with this socket; NULL: the library has begun with it, or has
 * dropped it. */
HttpdConnection *httpd_connection_settling(Httpd *h, int fd);
/* After a turn of the library: those it has not begun with it has dropped, for want of memory. */
void httpd_connections_settled(Httpd *h);
/* Of the sweep: what has had its time goes. */
void httpd_connections_sweep(void *userdata);
void httpd_sweep_soon(Httpd *h);

/* The socket is the door's when it succeeds. */
int httpd_door_open(Httpd *h, int fd);
void httpd_door_stop_accepting(Httpd *h);
/* After a pause for want of descriptors. */
void httpd_door_resume(Httpd *h);
/* Guests go without a word. */
void httpd_door_close(Httpd *h);
/* Says why, and lets it go when it has heard that. Of a connection the library has, only while
 * nothing of an answer was sent. */
void httpd_door_refuse(HttpdConnection *c, const HttpdRefusal *refusal);
void httpd_door_forget(HttpdConnection *c);

/* The document (RFC 9457) of a refusal; its length. */
#define HTTPD_PROBLEM_SIZE 256
size_t httpd_problem(const HttpdRefusal *refusal, char ret[static HTTPD_PROBLEM_SIZE]);
