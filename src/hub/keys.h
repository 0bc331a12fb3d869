/* The keys that a hub has: made where they are missing. What is refused is logged. */
#pragma once

#include "hub/alert-secret.h"
#include "wire/sign.h"

#define HUB_SECRET_SIZE 32

/* The network's identity. */
int hub_key_load(const char *directory, SignKey **ret);
/* What only the holder of the hub's key can know, without ever touching the key's bytes: ed25519
 * signatures are deterministic. */
int hub_secret_derive(const SignKey *key, uint8_t ret[static HUB_SECRET_SIZE]);
/* Of alerts. Who may be told them is no matter of the network's identity. */
int hub_alert_keys_load(const char *directory, AlertKeys *ret);
