"""HAProxy's configuration: a pure function of the routing."""

from __future__ import annotations

from collections.abc import Iterator

from days_to_sell.release.docker.proxy.routing import COLOURS, WEIGHT, Colour, Routing, header, slots

INNER_PORT = 8080
# Of the proxy's own loopback address: nobody outside of its container reaches it.
RUNTIME_PORT = 9999
BACKEND, METRICS = "replicas", "metrics"
# Docker's own name server, in every network that was created by hand.
NAME_SERVER = "127.0.0.11:53"

TEMPLATE = f"""
global
    log stdout format raw local0 notice
    stats socket ipv4@127.0.0.1:{RUNTIME_PORT} level admin
    maxconn 2000
    hard-stop-after 8s

defaults
    mode http
    log global
    # A replica's connection ends with its reply: an idle one that a replica closes in the moment of its next
    # request would lose that request.
    option http-server-close
    # Where a connection cannot be made, nothing was sent: only then may a request go to another replica.
    retries 3
    retry-on conn-failure
    option redispatch 1
    timeout connect 2s
    timeout http-request 30s
    timeout http-keep-alive 75s
    timeout client 75s
    timeout server 75s
    timeout check 2s

resolvers engine
    nameserver docker {NAME_SERVER}
    resolve_retries 3
    timeout resolve 1s
    timeout retry 1s
    hold valid 1s

frontend public
    bind :{INNER_PORT}
    # Each replica counts for itself: whoever watches counters sees those of one, always the same.
    use_backend {METRICS} if {{ path /metrics }}
    default_backend {BACKEND}
"""


def configuration(routing: Routing) -> str:
    """Write the configuration in which the serving replicas get requests, or both sets get their shares."""
    return "\n".join((header(routing) + TEMPLATE, *_backend(routing), "", *_metrics(routing), ""))


def _backend(routing: Routing) -> Iterator[str]:
    yield f"backend {BACKEND}"
    # Drawn anew for each request, by weight alone: turns could fall in with those of a consumer, who would
    # then ask one version about some of its rows, and the other about the rest.
    yield "    balance random(1)"
    yield "    option httpchk"
    yield "    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host replica"
    yield "    http-check expect status 200"
    checks = "check inter 1s fastinter 300ms fall 3 rise 1"
    yield f"    default-server {checks} weight {WEIGHT} resolvers engine init-addr none"
    for colour, name in _places():
        weight = f" weight {routing.weight(colour)}" if routing.is_canary else ""
        ending = weight if routing.gets_requests(colour) else " disabled"
        yield f"    server {name} {name}:{INNER_PORT}{ending}"


def _metrics(routing: Routing) -> Iterator[str]:
    yield f"backend {METRICS}"
    yield "    balance first"
    yield "    default-server resolvers engine init-addr none"
    for colour, name in _places():
        # What tracks another takes its state from there, but has a weight of its own.
        weight = "" if routing.tells(colour) else " weight 0"
        yield f"    server {name} {name}:{INNER_PORT} track {BACKEND}/{name}{weight}"


def _places() -> Iterator[tuple[Colour, str]]:
    return ((colour, name) for colour in COLOURS for name in slots(colour))
