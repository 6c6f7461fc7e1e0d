"""Spark's hash of a text, by which a feature hasher finds its place."""

from __future__ import annotations

_MASK = 0xFFFFFFFF
# The seed that Spark ML's hashing features share.
SEED = 42


def murmur3(text: str) -> int:
    """Hash a text as MurmurHash3 for x86, 32 bits, of its UTF-8 bytes, as a signed number.

    Source: A. Appleby, MurmurHash3 (public domain), with the seed that Spark's feature hashing takes.

    >>> murmur3("")
    142593372
    """
    # As Java does, with "?" for half a surrogate pair.
    content = text.encode("utf-8", "replace")
    whole = len(content) & ~3
    state = SEED
    for start in range(0, whole, 4):
        state = _mixed(state, int.from_bytes(content[start : start + 4], "little"))
        state = (_rotated(state, 13) * 5 + 0xE6546B64) & _MASK
    if content[whole:]:
        state = _mixed(state, int.from_bytes(content[whole:], "little"))
    state ^= len(content)
    state = ((state ^ state >> 16) * 0x85EBCA6B) & _MASK
    state = ((state ^ state >> 13) * 0xC2B2AE35) & _MASK
    state ^= state >> 16
    return state - (1 << 32) if state >> 31 else state


def _mixed(state: int, block: int) -> int:
    block = _rotated((block * 0xCC9E2D51) & _MASK, 15)
    return state ^ (block * 0x1B873593) & _MASK


def _rotated(number: int, bits: int) -> int:
    return (number << bits | number >> 32 - bits) & _MASK
