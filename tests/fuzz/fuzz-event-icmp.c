/* Any bytes as what came to a socket: a reply is read in one way only, and written again the same.
 */
#include <netinet/in.h>

#include "event/icmp.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const int families[] = { AF_INET, AF_INET6 };
        uint8_t bytes[ICMP_ECHO_SIZE];
        IcmpEcho plain = {}, headed = {}, again = {};

        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                bool v4 = families[i] == AF_INET;
                bool read = icmp_reply_read(data, size, families[i], false, &plain);

                PROPERTY(!read || size == ICMP_ECHO_SIZE);
                if (icmp_reply_read(data, size, families[i], true, &headed))
                        PROPERTY(size >= ICMP_ECHO_SIZE + (v4 ? 20u : 0u));
                if (!read)
                        continue;
                icmp_echo_write(&plain, families[i], bytes);
                bytes[0] = v4 ? 0 : 129;
                PROPERTY(icmp_reply_read(bytes, sizeof(bytes), families[i], false, &again));
                PROPERTY(memcmp(&plain, &again, sizeof(plain)) == 0);
        }
        return 0;
}
