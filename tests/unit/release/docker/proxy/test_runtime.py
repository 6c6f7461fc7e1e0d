"""What is told to HAProxy while it runs, and what it tells."""

from __future__ import annotations

import pytest

from days_to_sell.errors import TargetError
from days_to_sell.release.docker.proxy.routing import Routing
from days_to_sell.release.docker.proxy.runtime import Place, busy, checked, read_places, states

# As HAProxy 2.6 tells it, without the columns that nobody reads.
TOLD = """\
# pxname,svname,scur,eresp,status,check_status,addr,
replicas,blue1,3,2,UP,* L7OK,172.18.0.2:8080,
replicas,blue2,1,0,UP 1/3,L7STS,172.18.0.3:8080,
replicas,green1,0,0,DRAIN,L7OK,172.18.0.5:8080,
replicas,green2,0,0,MAINT (resolution),,,

"""


def test_places_are_read_as_haproxy_tells_them() -> None:
    """State, health check, address, requests under way and those that were never answered, of each."""
    places = read_places(TOLD)
    assert places == {
        "blue1": Place("172.18.0.2:8080", "UP", True, 3, 2),
        "blue2": Place("172.18.0.3:8080", "UP 1/3", False, 1),
        "green1": Place("172.18.0.5:8080", "DRAIN", True, 0),
        "green2": Place("", "MAINT (resolution)", False, 0),
    }
    assert [busy(places, "blue"), busy(places, "green")] == [4, 0]


@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        ({"blue1": "172.18.0.2"}, True),
        ({"blue1": "172.18.0.2", "green1": "172.18.0.5"}, True),
        # An address that the name had before.
        ({"green1": "172.18.0.6"}, False),
        ({"blue1": "172.18.0.2", "blue2": "172.18.0.3"}, False),
        ({"green2": "172.18.0.7"}, False),
    ],
)
def test_replicas_are_found_when_all_answer_at_their_own_address(
    addresses: dict[str, str], found: bool
) -> None:
    """A name may still lead to another container, which would pass the check for it."""
    assert checked(read_places(TOLD), addresses) is found


@pytest.mark.parametrize("told", ["", "Unknown command: show\n", "# svname,scur\nblue1,many\n"])
def test_what_is_no_list_of_places_is_told(told: str) -> None:
    """Nothing is made up of a proxy that answers otherwise."""
    with pytest.raises(TargetError, match="the proxy does not tell its state"):
        read_places(told)


def test_new_replicas_get_requests_before_the_old_ones_lose_them() -> None:
    """At no time there is none; the proven ones stay checked while they are aside."""
    assert states(Routing("green", "blue")) == (
        "set server metrics/green1 weight 1",
        "set server metrics/green2 weight 1",
        "set server replicas/green1 weight 100",
        "set server replicas/green2 weight 100",
        "set server replicas/green1 state ready",
        "set server replicas/green2 state ready",
        "set server replicas/blue1 state drain",
        "set server replicas/blue2 state drain",
    )
    assert states(Routing("green", "green"))[6:] == (
        "set server replicas/blue1 state maint",
        "set server replicas/blue2 state maint",
    )


def test_a_candidate_comes_in_after_its_weight_and_leaves_before_it_changes() -> None:
    """At no moment it gets more than its share, or speaks for the environment."""
    assert states(Routing("green", "blue", 10)) == (
        "set server metrics/blue1 weight 1",
        "set server metrics/blue2 weight 1",
        "set server replicas/blue1 weight 180",
        "set server replicas/blue2 weight 180",
        "set server replicas/blue1 state ready",
        "set server replicas/blue2 state ready",
        "set server metrics/green1 weight 0",
        "set server metrics/green2 weight 0",
        "set server replicas/green1 weight 20",
        "set server replicas/green2 weight 20",
        "set server replicas/green1 state ready",
        "set server replicas/green2 state ready",
    )
    back = states(Routing("blue", "blue"))
    assert "set server replicas/green1 state maint" in back
    assert not [each for each in back if each.startswith("set server replicas/green1 weight")]
