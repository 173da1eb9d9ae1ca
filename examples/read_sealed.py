#!/usr/bin/env python3
"""Opens one sealed value of express-secure-cache; follows docs/envelope.md and nothing else.

    redis-cli … --raw GET ai_cache:users:42 | head -c -1 |
        REDIS_ENCRYPTION_KEY=… python3 read_sealed.py --prefix ai_cache: --namespace users --key 42

The sealed bytes come on standard input, the payload goes to standard output. The key is read from the
environment, never from an argument. Needs the package `cryptography` (and `brotli` for values packed with it).
"""

import argparse
import base64
import hashlib
import os
import struct
import sys
import time
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SKEW = 60
MAX_PAYLOAD = 16 * 1024 * 1024


class Refused(Exception):
    """The reason is one of format, unknown_key, tag, expired, too_large, decode."""


def read_key(text, passphrase=""):
    """32 bytes from hex, base64, base64url or pbkdf2-sha256:i=…:salt=…"""
    if text.startswith("pbkdf2-sha256:"):
        iterations, salt = text.removeprefix("pbkdf2-sha256:i=").split(":salt=")
        return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), decode_base64(salt), int(iterations))
    return bytes.fromhex(text) if len(text) == 64 else decode_base64(text)


def decode_base64(text):
    urlsafe = text.translate(str.maketrans("+/", "-_")).rstrip("=")
    return base64.urlsafe_b64decode(urlsafe + "=" * (-len(urlsafe) % 4))


def hkdf(master, info, length):
    return HKDF(SHA256(), length, salt=b"", info=info).derive(master)


def xaes_subkey(key, nonce):
    """XAES-256-GCM (C2SP): the AES-256-GCM key for the first 12 nonce bytes."""
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    doubled = int.from_bytes(aes.update(bytes(16)), "big") << 1
    k1 = (doubled ^ (0x87 if doubled >> 128 else 0)) & ((1 << 128) - 1)
    blocks = (b"\x00" + counter + b"X\x00" + nonce[:12] for counter in (b"\x01", b"\x02"))
    return b"".join(aes.update((int.from_bytes(block, "big") ^ k1).to_bytes(16, "big")) for block in blocks)


def additional_data(sealed, prefix, namespace, key):
    place = prefix.encode() + b"\x00" + namespace.encode()
    name = key.encode()
    return sealed[:27] + b"\x00" + struct.pack(">H", len(place)) + place + struct.pack(">I", len(name)) + name


def read_metadata(plaintext):
    """Entries by type, and what follows the block."""
    end = 2 + int.from_bytes(plaintext[:2], "big")
    if len(plaintext) < end:
        raise Refused("format")
    entries, at, last = {}, 2, -1
    while at < end:
        if at + 3 > end:
            raise Refused("format")
        kind, length = struct.unpack_from(">BH", plaintext, at)
        value, at = plaintext[at + 3 : at + 3 + length], at + 3 + length
        malformed = (kind in (1, 4) and length != 4) or (kind == 3 and not is_utf8(value))
        if at > end or kind <= last or kind >= 128 or malformed:
            raise Refused("format")
        entries[kind], last = value, kind
    return entries, plaintext[end:]


def is_utf8(value):
    try:
        value.decode()
        return True
    except UnicodeDecodeError:
        return False


def decompress(method, packed, limit):
    if method == 2:
        import brotli

        try:
            payload = brotli.decompress(packed)
        except brotli.error:
            raise Refused("decode") from None
    else:
        inflater = zlib.decompressobj(-15)
        try:
            payload = inflater.decompress(packed, limit + 1)
        except zlib.error:
            raise Refused("decode") from None
        if len(payload) <= limit and not inflater.eof:
            raise Refused("decode")
    if len(payload) > limit:
        raise Refused("too_large")
    return payload


def open_sealed(sealed, master, place, now=None, limit=MAX_PAYLOAD):
    """The payload and the metadata entries. `place` is (key prefix, namespace, key)."""
    prefix, namespace, key = place
    flags = sealed[2] if len(sealed) >= 67 else 0xFF
    codec, compression = flags & 7, flags >> 3 & 7
    if sealed[:2] != b"\xc1\x01" or codec > 1 or compression > 2:
        raise Refused("format")
    if sealed[3:19] != hkdf(master, b"express-secure-cache/v1/kid", 16):
        raise Refused("unknown_key")
    aad = additional_data(sealed, prefix, namespace, key)
    info = b"express-secure-cache/v1/xaes-256-gcm\x00" + prefix.encode() + b"\x00" + namespace.encode()
    subkey = xaes_subkey(hkdf(master, info, 32), sealed[27:39])
    try:
        plaintext = AESGCM(subkey).decrypt(sealed[39:51], sealed[51:], aad)
    except InvalidTag:
        raise Refused("tag") from None
    issued, lifetime = struct.unpack(">II", sealed[19:27])
    if lifetime and (time.time() if now is None else now) > issued + lifetime + SKEW:
        raise Refused("expired")
    if flags & 0x40:
        plaintext = plaintext.rstrip(b"\x00")
        if plaintext[-1:] != b"\x80":
            raise Refused("format")
        plaintext = plaintext[:-1]
    metadata, payload = read_metadata(plaintext) if flags & 0x80 else ({}, plaintext)
    if compression:
        payload = decompress(compression, payload, limit)
    if len(payload) > limit:
        raise Refused("too_large")
    return payload, metadata


def main():
    parser = argparse.ArgumentParser(description="open one sealed value of express-secure-cache")
    parser.add_argument("--prefix", default="ai_cache:", help="key prefix (REDIS_KEY_PREFIX)")
    parser.add_argument("--namespace", default="", help="as in the Redis key; empty for the root")
    parser.add_argument("--key", required=True, help="the key that the application used")
    place = parser.parse_args()
    text = os.environ.get("REDIS_ENCRYPTION_KEY")
    if not text:
        sys.exit("error: REDIS_ENCRYPTION_KEY is not set")
    master = read_key(text, os.environ.get("REDIS_ENCRYPTION_PASSPHRASE", ""))
    try:
        payload, _ = open_sealed(sys.stdin.buffer.read(), master, (place.prefix, place.namespace, place.key))
    except Refused as reason:
        sys.exit(f"error: refused: {reason}")
    sys.stdout.buffer.write(payload)


if __name__ == "__main__":
    main()
