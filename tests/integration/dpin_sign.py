"""dpin.v1, second implementation: keys, domains, statements, Merkle trees. Written from src/wire/*.h alone."""

import base64
import hashlib
import json
import os

import nacl.bindings
import nacl.exceptions
import nacl.signing

DOMAINS = {name: f"dpin.v1 {name}".encode().ljust(16, b"\0") for name in (
    "hello", "hubkey", "join", "welcome", "order", "orders", "probe", "batch", "gap", "receipt", "ack", "epoch",
    "salt")}
INT_LIMIT = 1 << 63


class WireError(Exception):
    """Bytes or a frame that dpin.v1 does not allow, or a signature that does not verify."""


def sha256(*pieces):
    h = hashlib.sha256()
    for piece in pieces:
        h.update(piece)
    return h.digest()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text, size=None):
    """Strict: no padding, no other alphabet, no stray bits."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise WireError("not base64url") from None
    if "=" in text or "+" in text or "/" in text or b64(data) != text:
        raise WireError("not base64url without padding")
    if size is not None and len(data) != size:
        raise WireError(f"{len(data)} bytes instead of {size}")
    return data


class Key:
    """A secret key; `public` is its 32 bytes."""

    def __init__(self, seed=None):
        self._signing = nacl.signing.SigningKey(seed or os.urandom(32))
        self.seed = bytes(self._signing)
        self.public = bytes(self._signing.verify_key)

    @classmethod
    def from_text(cls, text):
        """A Solana keypair file: a JSON array of 64 numbers, seed and public half."""
        secret = bytes(json.loads(text))
        key = cls(secret[:32])
        if len(secret) != 64 or secret[32:] != key.public:
            raise WireError("the halves of the key do not belong together")
        return key

    @property
    def text(self):
        return json.dumps(list(self.seed + self.public), separators=(",", ":"))

    def sign(self, data):
        return self._signing.sign(data).signature


def statement(domain, scope, body=b""):
    """What is signed or hashed; scope is (network key, subject key)."""
    network, subject = scope
    if len(network) != 32 or len(subject) != 32:
        raise WireError("a key has 32 bytes")
    return DOMAINS[domain] + network + subject + body


def verify(public, data, signature, what="signature"):
    if len(signature) != 64:
        raise WireError(f"{what}: wrong size")
    try:
        nacl.bindings.crypto_sign_open(signature + data, public)
    except (nacl.exceptions.BadSignatureError, ValueError):
        raise WireError(f"{what}: not signed by this key") from None


# RFC 6962 trees -------------------------------------------------------------------------------------------------------

def merkle_leaf(data):
    return sha256(b"\0", data)


def merkle_node(left, right):
    return sha256(b"\1", left, right)


def _split(n):
    """The largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)


def merkle_root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return merkle_node(merkle_root(leaves[:k]), merkle_root(leaves[k:]))


def merkle_path(leaves, index):
    """Siblings from the leaf upwards."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return merkle_path(leaves[:k], index) + [merkle_root(leaves[k:])]
    return merkle_path(leaves[k:], index - k) + [merkle_root(leaves[:k])]


def merkle_climb(leaf, index, n, path):
    """The root that leaf and path lead to."""
    if not 0 <= index < n:
        raise WireError("no such leaf")
    if n == 1:
        if path:
            raise WireError("path too long")
        return leaf
    if not path:
        raise WireError("path too short")
    k = _split(n)
    if index < k:
        return merkle_node(merkle_climb(leaf, index, k, path[:-1]), path[-1])
    return merkle_node(path[-1], merkle_climb(leaf, index - k, n - k, path[:-1]))


def merkle_any(leaf, path, root):
    """For a path kept without index and count: some position in some tree leads to the root."""
    hashes = {leaf}
    for sibling in path:
        hashes = {merkle_node(a, b) for h in hashes for a, b in ((h, sibling), (sibling, h))}
    if root not in hashes:
        raise WireError("the path does not lead to the root")


# Bounded bytes --------------------------------------------------------------------------------------------------------

class Reader:
    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise WireError("truncated")
        piece = self.data[self.at:self.at + n]
        self.at += n
        return piece

    def int(self, n, signed=False):
        value = int.from_bytes(self.take(n), "big", signed=signed)
        if n == 8 and not signed and value >= INT_LIMIT:
            raise WireError("an integer is 2^63 or above")
        return value

    def finish(self):
        if self.at != len(self.data):
            raise WireError("bytes left over")


def extension_items(data, known=()):
    """{type: value} of an extension area; refuses critical types that are not known."""
    if len(data) > 1024:
        raise WireError("extension too long")
    r, items, last = Reader(data), {}, -1
    while r.at < len(data):
        kind, length = r.int(1), r.int(2)
        if kind <= last:
            raise WireError("extension types do not ascend")
        if kind >= 128 and kind not in known:
            raise WireError(f"unknown critical extension {kind}")
        items[kind], last = r.take(length), kind
    return items


def extension_bytes(items):
    return b"".join(bytes([kind]) + len(value).to_bytes(2, "big") + value for kind, value in sorted(items.items()))
