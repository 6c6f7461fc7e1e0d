"""What the proxy's configuration remembers of a release."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from days_to_sell.errors import TargetError
from days_to_sell.release.docker.proxy.configuration import configuration
from days_to_sell.release.docker.proxy.routing import COLOURS, Routing, other, read_header, slots

SETS = some.sampled_from([None, *COLOURS])
ROUTINGS = some.builds(Routing, SETS, SETS, some.integers(1, 100))


@given(ROUTINGS)
def test_a_routing_is_read_back_from_the_configuration_that_follows_it(routing: Routing) -> None:
    """Whoever finds a proxy knows what was decided last."""
    assert read_header(configuration(routing)) == routing


@pytest.mark.parametrize("damaged", ["", "global\n", "# serving: blue\n", "# serving: red\n# proven: blue\n"])
def test_a_configuration_that_says_nothing_is_no_routing(damaged: str) -> None:
    """It is never taken for an environment where nothing serves."""
    with pytest.raises(TargetError, match=r"does not say what serves .* run `make stop`, then release again"):
        read_header(damaged)


@pytest.mark.parametrize(
    ("routing", "free"),
    [
        (Routing(), "blue"),
        (Routing("blue", "blue"), "green"),
        (Routing("green", "green"), "blue"),
        (Routing("blue"), "green"),
    ],
)
def test_a_candidate_takes_the_set_that_nobody_needs(routing: Routing, free: str) -> None:
    """What serves, and what was proven, stay."""
    assert routing.free == free


@pytest.mark.parametrize("percent", [1, 10, 33, 50])
def test_the_weights_of_a_canary_are_its_share(percent: int) -> None:
    """Both sets have as many replicas, and no weight is more than the proxy takes."""
    routing = Routing("green", "blue", percent)
    candidate, incumbent = routing.weight("green"), routing.weight("blue")
    assert candidate / (candidate + incumbent) == percent / 100
    assert max(candidate, incumbent) <= 256
    assert [routing.gets_requests(colour) for colour in COLOURS] == [True, True]


def test_there_is_no_third_set() -> None:
    """A candidate that was not confirmed has to go first."""
    with pytest.raises(TargetError, match="both sets of replicas are in use"):
        _ = Routing("green", "blue").free


def test_sets_have_two_replicas_with_names_of_their_own() -> None:
    """One of them may die while the other answers."""
    assert [slots(colour) for colour in COLOURS] == [("blue1", "blue2"), ("green1", "green2")]
    assert [other(colour) for colour in COLOURS] == ["green", "blue"]
