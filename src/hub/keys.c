/* One file for each key, so that each can be kept, sealed or changed alone: who has the network's
 * cannot read what channels of alerts are told, and an alert's key that is lost costs these alone.
 */
#include "hub/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log-ids.h"
#include "base/log.h"
#include "event/keyfile.h"

int hub_secret_derive(const SignKey *key, uint8_t ret[static HUB_SECRET_SIZE]) {
        SignScope scope = { .network = *sign_key_public(key), .subject = *sign_key_public(key) };
        Statement s = { .domain = DOMAIN_EPOCH, .scope = &scope };
        Signature signature;
        Hash hash;
        int r;

        r = sign_statement(key, &s, &signature);
        if (r < 0)
                return r;
        hash_bytes(signature.bytes, sizeof(signature.bytes), &hash);
        memcpy(ret, hash.bytes, HUB_SECRET_SIZE);
        return 0;
}

int hub_key_load(const char *directory, SignKey **ret) {
        _cleanup_free_ char *path = NULL;
        KeySource source;
        int r;

        if (asprintf(&path, "%s/hub.key", directory) < 0)
                return -ENOMEM;
        r = keyfile_load("hub.key", path, ret, &source);
        if (r < 0) {
                log_event(LOG_ERR, DPIN_MSG_KEY_REFUSED, "the hub's key is refused",
                          "DPIN_SOURCE=%s\nDPIN_PATH=%s\nDPIN_ERROR=%s", key_source_name(source),
                          path, keyfile_error(r));
                return r;
        }
        if (source == KEY_CREATED)
                log_event(LOG_NOTICE, DPIN_MSG_KEY_CREATED,
                          "a hub key was made: back it up, it is the network's identity",
                          "DPIN_PATH=%s", path);
        return 0;
}

int hub_alert_keys_load(const char *directory, AlertKeys *ret) {
        _cleanup_free_ char *path = NULL;
        uint8_t seed[KEYFILE_SEED_SIZE];
        KeySource source;
        int r;

        if (asprintf(&path, "%s/alert.key", directory) < 0)
                return -ENOMEM;
        r = keyfile_load_seed("alert.key", path, seed, &source);
        if (r == -EINVAL || r == -EPERM || r == -EFBIG)
                log_event(LOG_ERR, DPIN_MSG_KEY_REFUSED, "the key of alerts is refused",
                          "DPIN_SOURCE=%s\nDPIN_PATH=%s\nDPIN_ERROR=%s", key_source_name(source),
                          path,
                          r == -EINVAL ? "it is not 32 bytes in base64url" : keyfile_error(r));
        if (r >= 0)
                r = alert_keys_derive(seed, ret);
        explicit_bzero(seed, sizeof(seed));
        return r;
}
