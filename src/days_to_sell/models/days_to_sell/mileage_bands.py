"""Mileage bands: the coarse mileage that a valuation is given for."""

from __future__ import annotations

EDGES = (10_000, 20_000, 30_000, 40_000, 60_000, 80_000, 100_000)
"""Miles at which a band ends and the next one begins."""

BANDS = ("0-10k", "10-20k", "20-30k", "30-40k", "40-60k", "60-80k", "80-100k", "100k+")
"""Names of the bands, one more than edges; a mileage on an edge belongs to the band above it."""

UNKNOWN = "unknown"
"""Band of a car whose mileage is not given."""
