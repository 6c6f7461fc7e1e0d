"""Plans: the same from the same seed, and with everything in them that a run is for."""

from __future__ import annotations

from chaos.plan import VICTIMS, WAYS, Plan, make_plan


def kills(plan: Plan) -> list[str]:
    """What a plan kills."""
    return [kill.victim for each in plan.promotions for kill in each.kills]


def test_a_seed_makes_the_same_plan_again_and_another_seed_another() -> None:
    """All of it: versions, ways, pauses and kills."""
    assert make_plan(7, 200) == make_plan(7, 200)
    assert make_plan(7, 200).promotions != make_plan(8, 200).promotions


def test_a_long_plan_has_both_ways_rapid_flips_and_every_kill_equally_often() -> None:
    """Neither a way nor a victim is left to luck."""
    plan = make_plan(3, 200)
    assert [each.number for each in plan.promotions] == list(range(1, 201))
    assert {each.way for each in plan.promotions} == set(WAYS)
    assert {each.version for each in plan.promotions} <= set(range(1, plan.versions + 1))
    assert sum(each.pause == 0 for each in plan.promotions) > 50
    assert {kills(plan).count(victim) for victim in VICTIMS} == {12, 13}


def test_a_short_plan_kills_everything_once_at_least() -> None:
    """Five kills of four kinds."""
    assert set(kills(make_plan(3, 20))) == set(VICTIMS)
    assert len(kills(make_plan(3, 20))) == 5


def test_the_last_promotion_is_waited_for() -> None:
    """The end of the plan is the end of a burst, whatever the seed."""
    assert all(make_plan(seed, 20).promotions[-1].settles for seed in range(50))


def test_only_what_is_named_is_killed_and_as_often_as_said() -> None:
    """One kind alone, and none at all."""
    assert kills(make_plan(3, 20, ("server",), kills=9)) == ["server"] * 9
    assert kills(make_plan(3, 20, kills=0)) == []


def test_a_plan_says_what_it_does() -> None:
    """A line for the plan, and one for each promotion with its kills."""
    plan = make_plan(3, 20)
    assert str(plan) == "seed 3, 20 promotions of 4 versions, 5 kills"
    lines = list(map(str, plan.promotions))
    assert sum(line.count("kill ") for line in lines) == 5
    assert lines[-1].endswith("wait until it serves")
