"""Places: where the areas of a map lie, kept beside the training data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pyspark.sql import DataFrame

from days_to_sell.spec import Place

Position = tuple[float, float]


@dataclass(frozen=True)
class Places:
    """Which area a row is in, and where areas lie.

    Args:
        areas: Value of the place's column to the name of its area.
        centres: Area to the latitude and longitude of its middle, in degrees.
    """

    areas: Mapping[str, str]
    centres: Mapping[str, Position]

    def to_json(self) -> str:
        """Write the places as JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Places:
        """Read back what :meth:`to_json` wrote."""
        raw = json.loads(text)
        centres = {area: (latitude, longitude) for area, (latitude, longitude) in raw["centres"].items()}
        return cls(raw["areas"], centres)


def read_places(place: Place, source: DataFrame) -> Places:
    """Collect the places of a source; the middle of an area is the mean of its places.

    Args:
        place: Which columns to read.
        source: The checked frame of the source that it names.
    """
    names = (place.column, place.area, place.latitude, place.longitude)
    rows = source.select(*names).dropna().orderBy(*names).collect()
    inside: dict[str, list[Position]] = {}
    for _, area, latitude, longitude in rows:
        inside.setdefault(str(area), []).append((float(latitude), float(longitude)))
    return Places(
        areas={str(key): str(area) for key, area, _, _ in rows},
        centres={area: _middle(positions) for area, positions in inside.items()},
    )


def _middle(positions: list[Position]) -> Position:
    """Average positions in degrees, which will do for an area of one country."""
    latitudes, longitudes = zip(*positions, strict=True)
    return sum(latitudes) / len(positions), sum(longitudes) / len(positions)
