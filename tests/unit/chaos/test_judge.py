"""The judge of a run: each fault is found and named, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

from chaos.judge import Seen, Verdict, judge
from chaos.ledger import Ask, Outcome, outcome_of
from days_to_sell.registry.events.event import Actor, Event, Kind
from days_to_sell.release.target import Deployment

MODEL, SOMEBODY = "m", Actor("somebody")
ACK, REFUSED, UNKNOWN = Outcome.ACKNOWLEDGED, Outcome.REFUSED, Outcome.UNKNOWN


def event(number: int, kind: Kind, version: str, **body: str) -> Event:
    """An event of the log."""
    digest = f"digest {version}"
    return Event(number, "w", MODEL, number, "", kind, version, digest, SOMEBODY, body, "", "")


def promoted(*moves: str) -> list[Event]:
    """The log after promotions, each written as version and way."""
    split = (move.split() for move in moves)
    return [event(n, Kind.PROMOTED, version, by=way) for n, (version, way) in enumerate(split, 1)]


def asked(*moves: tuple[str, Outcome]) -> list[Ask]:
    """Promotions that were asked for, each written as version and way."""
    split = ((*move.split(), outcome) for move, outcome in moves)
    return [Ask(n, version, way, outcome) for n, (version, way, outcome) in enumerate(split, 1)]


def serving(version: str) -> Deployment:
    """What answers in production."""
    return Deployment("production", "http://host", MODEL, version, f"digest {version}")


def seen(*moves: str) -> Seen:
    """A world in which the last of these promotions was released and serves."""
    log, last = promoted(*moves), moves[-1].split()[0]
    log.append(event(len(log) + 1, Kind.RELEASED, last, release="r"))
    return Seen(log, last, (last,), serving(last))


def test_a_run_in_which_all_is_as_it_should_be_is_good() -> None:
    """Promotions by stage and alias, one again of what is there already, one in the dark."""
    asks = asked(("1 stage", ACK), ("2 alias", ACK), ("2 stage", ACK), ("3 alias", UNKNOWN))
    verdict = judge(asks, seen("1 stage", "2 alias"))
    assert verdict == Verdict()
    assert verdict.line(4, 2) == "chaos: 4 promotions, 2 kills, 0 lost, 0 doubled"


def test_a_refusal_is_told_for_every_version_may_go_to_production() -> None:
    """A run in which all is refused loses nothing, and shows nothing."""
    verdict = judge(asked(("1 stage", ACK), ("2 alias", REFUSED)), seen("1 stage"))
    assert (verdict.lost, verdict.doubled, verdict.good) == ((), (), False)
    assert verdict.line(2, 0).startswith("chaos: 2 promotions, 0 kills, 0 lost, 0 doubled, 1 refused: ")


def test_what_was_never_answered_may_be_in_the_log() -> None:
    """The server died after it had committed; whoever asked again changed nothing."""
    asks = asked(("1 stage", ACK), ("2 alias", UNKNOWN), ("2 alias", ACK))
    assert judge(asks, seen("1 stage", "2 alias")).good


def test_an_acknowledged_promotion_that_is_not_in_the_log_is_lost() -> None:
    """Also one that was superseded, and it is the one that is named."""
    asks = asked(("1 stage", ACK), ("2 alias", ACK), ("1 stage", ACK), ("3 stage", ACK))
    verdict = judge(asks, seen("1 stage", "2 alias", "3 stage"))
    assert verdict.lost == ("promotion 3 (version 1 by stage) was acknowledged and is not in the log",)
    assert verdict.line(4, 0).startswith("chaos: 4 promotions, 0 kills, 1 lost, 0 doubled: promotion 3 ")


def test_coming_back_to_a_version_needs_an_event_of_its_own() -> None:
    """That the same version is further up in the log does not count."""
    asks = asked(("1 stage", ACK), ("2 stage", ACK), ("1 stage", ACK))
    assert len(judge(asks, seen("1 stage", "2 stage")).lost) == 1


def test_a_promotion_that_is_in_the_log_twice_is_doubled() -> None:
    """Once more than it was asked for."""
    asks = asked(("1 stage", ACK), ("2 alias", ACK))
    verdict = judge(asks, seen("1 stage", "2 alias", "2 alias"))
    assert verdict.lost == ()
    assert verdict.doubled == ("event 3 (promoted 2 by alias) was asked for by nobody",)


def test_a_refused_promotion_that_is_in_the_log_is_nobodys() -> None:
    """The client was told that it did not happen."""
    asks = asked(("1 stage", ACK), ("2 alias", REFUSED))
    assert len(judge(asks, seen("1 stage", "2 alias")).doubled) == 1


def test_the_current_version_that_does_not_answer_is_lost() -> None:
    """Nothing answers, another version does, or other bytes do."""
    asks, good = asked(("1 stage", ACK), ("2 alias", ACK)), seen("1 stage", "2 alias")
    for answers in (None, serving("1"), replace(serving("2"), digest="digest of others")):
        (lost,) = judge(asks, replace(good, serving=answers)).lost
        assert lost.startswith("version 2 ")


def test_what_serves_without_being_told_as_released_is_found() -> None:
    """The last release that the log tells is of another version."""
    asks = asked(("1 stage", ACK), ("2 alias", ACK))
    good = seen("1 stage", "2 alias")
    verdict = judge(asks, replace(good, events=good.events[:-1]))
    assert verdict.lost == ("version 2 is in Production, and was not released last",)


def test_a_registry_that_says_otherwise_than_the_log_is_found() -> None:
    """The alias, or the stage."""
    asks, good = asked(("1 stage", ACK)), seen("1 stage")
    other = judge(asks, replace(good, alias="2", staged=("2",))).lost
    assert other[0] == "the log has version 1 in Production last, the alias names version 2"
    both = judge(asks, replace(good, staged=("1", "2"))).lost
    assert both == ("the alias names version 1, the stage 1, 2",)


def test_a_broken_chain_is_a_loss() -> None:
    """Whatever verifying the log finds."""
    asks, good = asked(("1 stage", ACK)), seen("1 stage")
    assert judge(asks, replace(good, faults=["row 3 is missing"])).lost == (
        "the log does not hold: row 3 is missing",
    )


def test_an_image_that_was_built_twice_for_one_key_is_doubled() -> None:
    """By the engine's own count of images, not by what the log tells of steps."""
    asks, good = asked(("1 stage", ACK)), seen("1 stage")
    once, twice = {"m/1/d": ["a", "a"]}, {"m/1/d": ["a", "b"]}
    assert judge(asks, replace(good, images=once)).good
    assert judge(asks, replace(good, images=twice)).doubled == ("the image of m/1/d was built 2 times",)


def test_a_release_that_ends_twice_is_doubled() -> None:
    """One release, told as done by two programs."""
    asks, good = asked(("1 stage", ACK)), seen("1 stage")
    again = replace(good, events=[*good.events, event(9, Kind.RELEASED, "1", release="r")])
    assert judge(asks, again).doubled == ("release r is told as done 2 times",)


def test_a_service_that_no_record_names_is_doubled() -> None:
    """It would answer, or hold its port, for ever."""
    asks, good = asked(("1 stage", ACK)), seen("1 stage")
    assert judge(asks, replace(good, strays=["gunicorn 7"])).doubled == ("gunicorn 7 is recorded nowhere",)


def test_only_a_200_is_an_acknowledgement() -> None:
    """A server in trouble says nothing that can be relied on."""
    assert [outcome_of(status) for status in (200, 409, 404, 500, 503)] == [
        ACK,
        REFUSED,
        REFUSED,
        UNKNOWN,
        UNKNOWN,
    ]
