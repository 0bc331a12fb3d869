/* A prefix is a number that tells its family and length, too. */
#include "hub/prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "wire/bytes.h"

int prefix_parse(const char *text, struct sockaddr_storage *ret) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

        *ret = (struct sockaddr_storage){ 0 };
        if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
                *(struct sockaddr_in *)ret = v4;
        else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
                *(struct sockaddr_in6 *)ret = v6;
        else
                return -EINVAL;
        return 0;
}

static const uint8_t *bytes_v6(const struct sockaddr_storage *address) {
        return ((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr;
}

/* 0: it is none. */
static uint32_t address_v4(const struct sockaddr_storage *address) {
        const uint8_t *a = bytes_v6(address);

        if (address->ss_family == AF_INET)
                return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);
        if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)a))
                return get_u32(a + 12);
        return 0;
}

static uint64_t prefix_v4(uint32_t address, unsigned bits) {
        return UINT64_C(1) << 40 | (uint64_t)bits << 32 | (address & ~(UINT32_MAX >> bits));
}

static uint64_t prefix_v6(const uint8_t *a, unsigned bytes) {
        uint64_t id = UINT64_C(1) << 63 | (uint64_t)bytes << 56;

        for (unsigned i = 0; i < bytes; i++)
                id |= (uint64_t)a[i] << (8 * (5 - i));
        return id;
}

static uint64_t prefix(const struct sockaddr_storage *address, unsigned bits_v4, unsigned bytes) {
        uint32_t v4 = address_v4(address);

        if (v4)
                return prefix_v4(v4, bits_v4);
        return address->ss_family == AF_INET6 ? prefix_v6(bytes_v6(address), bytes) : 0;
}

uint64_t prefix_of(const struct sockaddr_storage *address) {
        return prefix(address, 24, 6);
}

uint64_t prefix_block_of(const struct sockaddr_storage *address) {
        return prefix(address, 16, 4);
}

bool prefix_is_loopback(const struct sockaddr_storage *address) {
        return address_v4(address) >> 24 == 127 ||
               (address->ss_family == AF_INET6 &&
                IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)bytes_v6(address)));
}
