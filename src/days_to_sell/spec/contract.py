"""The request contract: what one row of a request must look like, as learnt when the model was trained."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from days_to_sell.errors import ContractError, SpecError
from days_to_sell.spec.columns import Column

Value = str | float | int | date | None
SHOWN = 60
# Most categories of a field that a contract lists.
MAX_CATEGORIES = 300


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one field of a row.

    Args:
        field: Name of the field.
        message: What is wrong and what to send instead.
        value: What came, as text, cut short.
        allowed: What the field takes.
    """

    field: str
    message: str
    value: str
    allowed: str


@dataclass(frozen=True)
class Field:
    """One field of a request.

    Args:
        column: The raw column, with its type and range.
        categories: Values seen in training, most frequent first; empty for numbers and dates.
        example: A value from the training data, as JSON would carry it.
    """

    column: Column
    categories: tuple[str, ...] = ()
    example: str | float | int | None = None

    @property
    def required(self) -> bool:
        """Whether a row cannot do without it."""
        return not (self.column.nullable or self.column.default_today)

    @property
    def allowed(self) -> str:
        """Describe what the field takes."""
        column = self.column
        kind = {
            "string": "text",
            "long": "a whole number",
            "double": "a number",
            "date": "a date as YYYY-MM-DD",
        }[column.type]
        if column.unit:
            kind = f"{kind} of {column.unit}"
        limits = (("at least", column.minimum), ("at most", column.maximum))
        bounds = " and ".join(f"{words} {bound:.15g}" for words, bound in limits if bound is not None)
        words = f"{kind}, {bounds}" if bounds else kind
        if column.default_today:
            return f"{words}, or null for today"
        return f"{words}, or null" if column.nullable else words

    def parse(self, value: object, today: date) -> Value:
        """Turn a JSON value into what the derivations and the bundle take.

        Args:
            value: The value as it came; ``None`` and NaN count as missing.
            today: What a date that defaults to today becomes.

        Returns:
            Text, a finite float, a date, or ``None`` where a nullable value is missing.

        Raises:
            ContractError: The value does not fit; the message says why.
        """
        if value is None or (isinstance(value, float) and math.isnan(value)):
            if self.column.default_today:
                return today
            if not self.column.nullable:
                raise ContractError("is required")
            return None
        if self.column.type == "string":
            if not isinstance(value, str):
                raise ContractError("is not text")
            return value
        return self._parse_date(value) if self.column.type == "date" else self._parse_number(value)

    def _parse_date(self, value: object) -> date:
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        # ISO 8601 has dates by week of the same length (2026-W10-1), which Python reads too.
        if not isinstance(value, str) or len(value) != 10 or value[7] != "-":
            raise ContractError("is not a date as YYYY-MM-DD")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ContractError("is not a day of the calendar") from None

    def _parse_number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ContractError("is not a number")
        try:
            number = float(value)
        except OverflowError:
            raise ContractError("is too large") from None
        column = self.column
        if not math.isfinite(number):
            raise ContractError("is not finite")
        if column.type == "long" and not number.is_integer():
            raise ContractError("is not a whole number")
        if column.minimum is not None and number < column.minimum:
            raise ContractError("is too small")
        if column.maximum is not None and number > column.maximum:
            raise ContractError("is too large")
        return number


class Usual(NamedTuple):
    """The values of a field that need no closer look, as nearly all are.

    Args:
        field: The field.
        name: Its name.
        types: Types of such values; none where every value is looked at.
        lowest, highest: The range of such numbers.
    """

    field: Field
    name: str
    types: frozenset[type]
    lowest: float
    highest: float


TEXT: frozenset[type] = frozenset({str})
WHOLE: frozenset[type] = frozenset({int})
NUMBER: frozenset[type] = frozenset({int, float})
LARGEST = sys.float_info.max


def _usual(field: Field) -> Usual:
    column = field.column
    lowest = -LARGEST if column.minimum is None else column.minimum
    highest = LARGEST if column.maximum is None else column.maximum
    types = {"string": TEXT, "long": WHOLE, "double": NUMBER}.get(column.type, frozenset())
    return Usual(field, column.name, types, lowest, highest)


@dataclass(frozen=True)
class Quantile:
    """By when a share of the like of a row is sold, as a multiple of the number served for it.

    The number served is a mean restricted to the horizon; its multiples are not, and may lie beyond.

    Args:
        share: The share, between 0 and 1.
        times: The multiple.
    """

    share: float
    times: float


@dataclass(frozen=True)
class RequestContract:
    """The fields of a request and the meaning of its answer.

    Args:
        model: Name of the registered model.
        title: Name for people.
        description: What the predicted number means.
        horizon: Days at which the expectation is restricted.
        fields: The fields of one row, in order.
        quantiles: How the like of a row spread around the answer; shares that training did not follow to the
            end are left out.
    """

    model: str
    title: str
    description: str
    horizon: int
    fields: tuple[Field, ...]
    quantiles: tuple[Quantile, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Field names, in order."""
        return tuple(field.column.name for field in self.fields)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def _usual(self) -> tuple[Usual, ...]:
        return tuple(_usual(field) for field in self.fields)

    def parse(
        self, row: Mapping[str, object], *, today: date, allow_unknown: bool = False
    ) -> tuple[dict[str, Value], tuple[Problem, ...]]:
        """Check one row and give it the types that scoring takes.

        Args:
            row: Field name to JSON value.
            today: What a date that defaults to today becomes.
            allow_unknown: Whether fields beyond the contract are passed over instead of refused.

        Returns:
            The parsed row (fields in contract order) and the problems; the row counts only without problems.
        """
        parsed: dict[str, Value] = {}
        problems = []
        for field, name, types, lowest, highest in self._usual:
            value: Any = row.get(name)
            if type(value) in types and (types is TEXT or lowest <= value <= highest):
                parsed[name] = value if types is TEXT else float(value)
                continue
            try:
                parsed[name] = field.parse(value, today)
            except ContractError as error:
                message = f"{name} {error}; send {field.allowed}"
                problems.append(Problem(name, message, shown(value), field.allowed))
        if not allow_unknown and not self._known.issuperset(row):
            expected = ", ".join(self.names)
            for name in (shown(name) for name in row if name not in self._known):
                message = f"{name} is no field of this model; send {expected}"
                problems.append(Problem(name, message, "", expected))
        return parsed, tuple(problems)

    def quantiles_of(self, answer: float) -> dict[str, float]:
        """Give the days by which shares of the like of a row are sold.

        Args:
            answer: The number served for the row.
        """
        return {f"{each.share:g}": each.times * answer for each in self.quantiles}

    def to_dict(self) -> dict[str, Any]:
        """Write the contract as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> RequestContract:
        """Read a contract back.

        Raises:
            ContractError: A part is missing or unknown.
        """
        try:
            fields = tuple(
                Field(Column(**field["column"]), tuple(field["categories"]), field["example"])
                for field in raw["fields"]
            )
            # Packages of older toolkits know none.
            quantiles = tuple(Quantile(**each) for each in raw.get("quantiles", ()))
            return cls(raw["model"], raw["title"], raw["description"], int(raw["horizon"]), fields, quantiles)
        except (KeyError, TypeError, ValueError, SpecError) as error:
            raise ContractError(f"the contract is damaged at {error}; build the package again") from error


def shown(value: object) -> str:
    """Write a value for an error message, cut short."""
    text = "missing" if value is None else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
