"""HAProxy's configuration."""

from __future__ import annotations

import re

from days_to_sell.release.docker.proxy.configuration import configuration
from days_to_sell.release.docker.proxy.routing import Routing


def servers(text: str, backend: str) -> dict[str, str]:
    """The lines of a backend's servers, by name."""
    (block,) = re.findall(rf"^backend {backend}\n((?: .*\n)+)", text, flags=re.MULTILINE)
    return dict(re.findall(r"^    server (\w+) (.*)$", block, flags=re.MULTILINE))


def test_the_serving_set_alone_gets_requests() -> None:
    """The places of the other are there, for its replicas to be put in while the proxy runs."""
    found = servers(configuration(Routing("green", "blue")), "replicas")
    assert found == {
        "blue1": "blue1:8080 disabled",
        "blue2": "blue2:8080 disabled",
        "green1": "green1:8080",
        "green2": "green2:8080",
    }


def test_in_a_canary_both_sets_get_requests_by_their_weights() -> None:
    """A proxy that is started anew in the middle of one goes on with it; each request is drawn by itself."""
    text = configuration(Routing("green", "blue", 10))
    assert servers(text, "replicas") == {
        "blue1": "blue1:8080 weight 180",
        "blue2": "blue2:8080 weight 180",
        "green1": "green1:8080 weight 20",
        "green2": "green2:8080 weight 20",
    }
    assert re.search(r"^backend replicas\n(?:    #.*\n)*    balance random\(1\)$", text, flags=re.MULTILINE)


def test_counters_are_those_of_one_replica_that_serves() -> None:
    """The first that serves: each place goes with the one of the same name."""
    text = configuration(Routing("blue", "blue"))
    assert re.search(r"^backend metrics\n    balance first$", text, flags=re.MULTILINE)
    assert servers(text, "metrics")["green2"] == "green2:8080 track replicas/green2"


def test_counters_are_never_those_of_a_candidate() -> None:
    """Who watches the environment asks for the version that serves, and finds no other."""
    text = configuration(Routing("blue", "green", 10))
    assert servers(text, "metrics") == {
        "blue1": "blue1:8080 track replicas/blue1 weight 0",
        "blue2": "blue2:8080 track replicas/blue2 weight 0",
        "green1": "green1:8080 track replicas/green1",
        "green2": "green2:8080 track replicas/green2",
    }


def test_a_request_is_sent_again_only_where_nothing_was_sent() -> None:
    """A POST may have been carried out by a replica that then fell silent."""
    assert re.findall(r"^ *retry-on (.*)$", configuration(Routing()), flags=re.MULTILINE) == ["conn-failure"]


def test_the_runtime_api_is_reached_from_the_proxy_s_own_container_alone() -> None:
    """It may change everything and asks nobody who they are."""
    sockets = re.findall(r"^ *stats socket (\S+)", configuration(Routing()), flags=re.MULTILINE)
    assert sockets == ["ipv4@127.0.0.1:9999"]
