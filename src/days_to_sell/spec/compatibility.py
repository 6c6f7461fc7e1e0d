"""What another contract means for whoever codes against this one.

A change is breaking where a request that was answered is refused from then on, or answered in another sense.
It is a notice where requests stay as good as they were and somebody ought to look. Else it is compatible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from days_to_sell.spec.contract import Field, RequestContract

Effect = Literal["breaking", "notice", "compatible"]
# The worst first.
EFFECTS: tuple[Effect, ...] = ("breaking", "notice", "compatible")
NONE = "none"


@dataclass(frozen=True)
class Change:
    """One difference of two contracts.

    Args:
        field: Name of the field; empty where it is about the contract as a whole.
        what: What differs, in a word or two.
        effect: What it means for consumers.
        before: How it was.
        after: How it is.
        why: Why it has that effect.
        remedy: What a consumer must do; empty where nothing.
    """

    field: str
    what: str
    effect: Effect
    before: str
    after: str
    why: str
    remedy: str = ""


class _Rule(NamedTuple):
    effect: Effect
    why: str
    remedy: str = ""


WORDS = _Rule("compatible", "it is there to be read by people")
SENSE = _Rule(
    "breaking", "the answers are numbers of something else", "read what they mean now before using them"
)


def compare_contracts(
    before: RequestContract, after: RequestContract, *, unknown_fields: bool = False, lists: bool = True
) -> tuple[Change, ...]:
    """Say how one contract differs from another, and what that means for consumers of the first.

    Args:
        before: What consumers code against.
        after: What is to take its place.
        unknown_fields: Whether the service passes fields over that the contract does not name.
        lists: Whether some consumers send rows as lists of values, which only their order tells apart.

    Returns:
        The differences, those of the contract as a whole first; none where there is no difference.
    """
    old = {field.column.name: field for field in before.fields}
    new = {field.column.name: field for field in after.fields}
    changes = [*_of_contract(before, after), *_of_quantiles(before, after)]
    if before.names != after.names:
        changes.append(_of_positions(before, after, lists))
    for name, field in new.items():
        changes += _of_field(old[name], field) if name in old else [_added(field, unknown_fields)]
    changes += [_removed(field, unknown_fields) for name, field in old.items() if name not in new]
    return tuple(changes)


def breaks(changes: tuple[Change, ...]) -> bool:
    """Whether consumers have to do something before the other contract takes the place of the first."""
    return any(change.effect == "breaking" for change in changes)


def _of_contract(before: RequestContract, after: RequestContract) -> Iterator[Change]:
    rules = {
        "model": _Rule("breaking", "another model answers another question", "ask the model you mean"),
        "title": WORDS,
        "description": SENSE,
        "horizon": SENSE,
    }
    for name, rule in rules.items():
        was, became = str(getattr(before, name)), str(getattr(after, name))
        if was != became:
            yield _change("", "meaning" if name == "description" else name, was, became, rule)


def _of_quantiles(before: RequestContract, after: RequestContract) -> Iterator[Change]:
    if before.quantiles == after.quantiles:
        return
    was, became = ({f"{each.share:g}" for each in found.quantiles} for found in (before, after))
    rule = _Rule("compatible", "how far answers spread is estimated anew with each version")
    if became - was:
        rule = _Rule("compatible", "replies have more")
    if was - became:
        rule = _Rule("breaking", "replies lack what was there", "do without the missing quantiles")
    yield _change("", "quantiles", _spread(before), _spread(after), rule)


def _of_positions(before: RequestContract, after: RequestContract, lists: bool) -> Change:
    rule = _Rule(
        "breaking" if lists else "notice",
        "rows sent as lists of values are told apart by position alone",
        "send records, or lists in the new order",
    )
    return _change("", "order of fields", ", ".join(before.names), ", ".join(after.names), rule)


def _added(field: Field, unknown_fields: bool) -> Change:
    rule = _Rule("compatible", "it may be left out")
    if unknown_fields:
        rule = _Rule("notice", "whoever sends it already finds it read now", "send what it takes, or nothing")
    if field.required:
        rule = _Rule("breaking", "rows without it are refused", f"send {field.allowed}")
    return _change(field.column.name, "new field", NONE, field.allowed, rule)


def _removed(field: Field, unknown_fields: bool) -> Change:
    rule = _Rule("breaking", "rows that have it are refused", "send it no more")
    if unknown_fields:
        rule = _Rule("notice", "it is passed over", "send it no more")
    return _change(field.column.name, "removed", field.allowed, NONE, rule)


def _of_field(before: Field, after: Field) -> Iterator[Change]:
    """Compare two fields of one name."""
    name = after.column.name
    old, new = before.column, after.column
    if old.type != new.type:
        yield _change(name, "type", old.type, new.type, _type(before, after))
    if old.unit != new.unit:
        yield _change(name, "unit", old.unit, new.unit, _unit(old.unit, new.unit))
    was, became = _missing(before), _missing(after)
    if was != became:
        yield _change(name, "missing value", was, became, _when_missing(was, after))
    elif (old.nullable, old.default_today) != (new.nullable, new.default_today):
        yield _change(
            name, "nullable", old.nullable, new.nullable, _Rule("compatible", f"a missing value {became}")
        )
    for limit, sign in (("minimum", -1), ("maximum", 1)):
        was, became = getattr(old, limit), getattr(new, limit)
        if was != became:
            yield _change(name, limit, _number(was), _number(became), _bound(after, was, became, sign))
    if old.description != new.description:
        yield _change(name, "description", old.description, new.description, WORDS)
    if before.categories != after.categories:
        yield _of_categories(before, after)
    if before.example != after.example:
        yield _change(name, "example", before.example, after.example, WORDS)


def _type(before: Field, after: Field) -> _Rule:
    if (before.column.type, after.column.type) == ("long", "double"):
        return _Rule("compatible", "whole numbers are numbers")
    return _Rule("breaking", "values of the old type are refused", f"send {after.allowed}")


def _unit(before: str, after: str) -> _Rule:
    if before and after:
        return _Rule("breaking", "the same number means something else", f"send it in {after}")
    return _Rule("notice", "it was not told before" if after else "it is told no more", "check what you send")


def _missing(field: Field) -> str:
    if field.column.default_today:
        return "means today"
    return "counts as unknown" if field.column.nullable else "is refused"


def _when_missing(before: str, after: Field) -> _Rule:
    if before == "is refused":
        return _Rule("compatible", "rows may lack it now")
    if after.required:
        return _Rule("breaking", "rows without it are refused", f"send {after.allowed}")
    return _Rule("breaking", "rows without it are answered in another sense", "send it")


def _bound(after: Field, before: float | None, now: float | None, sign: int) -> _Rule:
    if not after.column.numeric:
        return _Rule("compatible", f"a {after.column.type} has no bounds")
    if now is None or (before is not None and sign * now >= sign * before):
        return _Rule("compatible", "the range is wider")
    return _Rule("breaking", "numbers that were answered are refused", f"send {after.allowed}")


def _of_categories(before: Field, after: Field) -> Change:
    was, became = set(before.categories), set(after.categories)
    gone, come = sorted(was - became), sorted(became - was)
    rule = _Rule("compatible", "they are listed by how often training saw them")
    if come:
        rule = _Rule("compatible", "training saw more of them")
    if gone:
        rule = _Rule("notice", "they are answered as unknown, with a warning", "check the answers to them")
    if not gone and not come:
        gone, come = list(before.categories), list(after.categories)
    return _change(after.column.name, "categories", _listed(gone), _listed(come), rule)


def _listed(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _spread(contract: RequestContract) -> str:
    return ", ".join(f"{each.share:g}: {each.times:g}" for each in contract.quantiles) or NONE


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.15g}"


def _change(field: str, what: str, before: object, after: object, rule: _Rule) -> Change:
    return Change(field, what, rule.effect, str(before) or NONE, str(after) or NONE, rule.why, rule.remedy)
