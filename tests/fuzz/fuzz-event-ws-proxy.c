/* Any list of trusted proxies, peer and X-Forwarded-For (a line each): only a trusted proxy's word
 * counts, only its last entry, and where that is no address the peer is refused. */
#include <arpa/inet.h>
#include <errno.h>

#include "event/ws-proxy.h"
#include "property.h"

typedef struct sockaddr_storage Address;

static bool read_address(const char *text, Address *ret) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret;

        *ret = (Address){ .ss_family = AF_INET };
        if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
                return true;
        *ret = (Address){ .ss_family = AF_INET6 };
        return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

static const char *write_address(const Address *a, char ret[static INET6_ADDRSTRLEN]) {
        const void *bytes =
                        a->ss_family == AF_INET
                                        ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
                                        : &((const struct sockaddr_in6 *)a)->sin6_addr;

        PROPERTY(a->ss_family == AF_INET || a->ss_family == AF_INET6);
        return inet_ntop(a->ss_family, bytes, ret, INET6_ADDRSTRLEN);
}

/* As text, IPv4 never in its mapped form. */
static const char *plain(const Address *a, char ret[static INET6_ADDRSTRLEN]) {
        write_address(a, ret);
        if (strncmp(ret, "::ffff:", 7) == 0 && strchr(ret, '.'))
                memmove(ret, ret + 7, strlen(ret + 7) + 1);
        return ret;
}

/* What stands after the last comma, or nothing when that is no address. */
static bool last_entry(const char *forwarded, char ret[static INET6_ADDRSTRLEN]) {
        char *word = strdup(strrchr(forwarded, ',') ? strrchr(forwarded, ',') + 1 : forwarded);
        bool fine;
        char *start;
        Address a;

        PROPERTY(word != NULL);
        start = word + strspn(word, " \t");
        for (size_t n = strlen(start); n > 0 && strchr(" \t", start[n - 1]); n--)
                start[n - 1] = '\0';
        fine = read_address(start, &a);
        if (fine)
                plain(&a, ret);
        free(word);
        return fine;
}

static bool is_listed(char *list, const char *peer) {
        char text[INET6_ADDRSTRLEN], *word;
        bool found = false;
        Address a;

        while ((word = strsep(&list, ", ")))
                found = found || (read_address(word, &a) && strcmp(plain(&a, text), peer) == 0);
        return found;
}

static void check_peer(const WsProxies *p, char *list, Address *peer, const char *forwarded) {
        char expected[INET6_ADDRSTRLEN], after[INET6_ADDRSTRLEN];
        Address silent = *peer;
        bool fine = true;

        PROPERTY(ws_proxies_resolve(p, &silent, NULL) == 0);
        PROPERTY(strcmp(write_address(&silent, after), plain(peer, expected)) == 0);
        if (is_listed(list, expected))
                fine = last_entry(forwarded, expected);
        PROPERTY(ws_proxies_resolve(p, peer, forwarded) == (fine ? 0 : -EBADMSG));
        PROPERTY(!fine || strcmp(write_address(peer, after), expected) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = input_text(data, size);
        char *rest = text, *list = input_line(&rest), *peer = input_line(&rest);
        WsProxies proxies = { .n = 3 };
        Address a;
        int r;

        r = ws_proxies_read(&proxies, list);
        PROPERTY(r == 0 || r == -EINVAL || r == -E2BIG);
        PROPERTY(r == 0 ? proxies.n <= WS_PROXIES_MAX : proxies.n == 3);
        if (r == 0 && read_address(peer, &a))
                check_peer(&proxies, list, &a, input_line(&rest));
        return 0;
}
