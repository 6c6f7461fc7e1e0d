"""Ids that stay the same whenever the market is drawn, and whose order says nothing."""

from __future__ import annotations

import numpy as np

from days_to_sell.models.days_to_sell.example.arrays import Ints, Texts

DIGITS = np.frombuffer(b"0123456789abcdef", dtype="S1")
SHIFTS = np.arange(28, -4, -4, dtype=np.uint32)
NUMBERS = 2**32
"""Running numbers are below this; above it ids would repeat."""


def ids(prefix: str, numbers: Ints, seed: int) -> Texts:
    """Name things by a letter and eight digits that scatter their running numbers.

    Each step can be undone (an exclusive or, the finishing mix of Appleby's MurmurHash3), so that different
    numbers give different ids.

    Args:
        prefix: One letter.
        numbers: Running numbers, from 0 and below 2 ** 32.
        seed: Seed of the market; another one scatters differently.
    """
    mixed = numbers.astype(np.uint32) ^ np.uint32(seed * 0x9E3779B1 % NUMBERS)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    mixed ^= mixed >> np.uint32(16)
    letters = np.empty((len(mixed), 9), dtype="S1")
    letters[:, 0] = prefix
    letters[:, 1:] = DIGITS[(mixed[:, None] >> SHIFTS) & np.uint32(15)]
    return letters.view("S9")[:, 0]
