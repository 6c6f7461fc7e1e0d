"""Places are read as declared, and an area lies in the middle of what it holds."""

from __future__ import annotations

from pyspark.sql import SparkSession

from days_to_sell.data.places import Places, read_places
from days_to_sell.spec import Place

PLACE = Place("outcode", "geography", "postcode_area")


def test_an_area_lies_in_the_middle_of_its_places(spark: SparkSession) -> None:
    """Latitudes and longitudes are averaged by area; a place without a position is on no map."""
    rows = [
        ("B1", "B", 52.0, -2.0),
        ("B2", "B", 53.0, -1.0),
        ("ZE1", "ZE", 60.0, -1.5),
        ("XX1", "XX", None, 0.0),
    ]
    schema = "outcode string, postcode_area string, latitude double, longitude double"
    places = read_places(PLACE, spark.createDataFrame(rows, schema))
    assert places.areas == {"B1": "B", "B2": "B", "ZE1": "ZE"}
    assert places.centres == {"B": (52.5, -1.5), "ZE": (60.0, -1.5)}


def test_places_are_read_back_as_they_were_written() -> None:
    """JSON has no tuples, and positions are tuples again."""
    places = Places({"B1": "B"}, {"B": (52.5, -1.5)})
    assert Places.from_json(places.to_json()) == places
