"""The inputs of the page's form, one for each field of the request contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from days_to_sell.spec import Column, Field, RequestContract

InputKind = Literal["select", "search", "text", "number", "date"]
# A longer list is searched by typing.
SELECTABLE = 15


@dataclass(frozen=True)
class Input:
    """One input of the form.

    Args:
        key: What its elements are called in the page; names of fields may hold anything.
        field: The field that it fills.
        kind: What a person does with it.
        label: Name for people.
        note: How it is filled where that cannot be seen, and whether it may be left out.
        value: What it holds at first.
    """

    key: str
    field: Field
    kind: InputKind
    label: str
    note: str
    value: str

    @property
    def column(self) -> Column:
        """The raw column of the field."""
        return self.field.column


def inputs_of(contract: RequestContract) -> tuple[Input, ...]:
    """Give the inputs of a form, in the contract's order."""
    return tuple(
        Input(
            f"field-{number}",
            field,
            _kind(field),
            label_of(field.column),
            _note(field),
            _first_value(field),
        )
        for number, field in enumerate(contract.fields)
    )


def label_of(column: Column) -> str:
    """Name a column for people; its unit stands beside it.

    >>> label_of(Column("price_gbp", "long", "GBP"))
    'Price'
    """
    words = column.name.replace("_", " ").split()
    if len(words) > 1 and words[-1].lower() == column.unit.lower():
        words.pop()
    label = " ".join(words)
    return label[:1].upper() + label[1:]


def _kind(field: Field) -> InputKind:
    if field.column.type == "date":
        return "date"
    if field.column.numeric:
        return "number"
    if not field.categories:
        return "text"
    return "select" if len(field.categories) <= SELECTABLE else "search"


def _note(field: Field) -> str:
    if field.column.default_today:
        return "today if empty"
    searched = "type to search" if _kind(field) == "search" else ""
    return ", ".join(filter(None, ("optional" if field.column.nullable else "", searched)))


def _first_value(field: Field) -> str:
    if field.example is None or field.column.default_today:
        return ""
    return field.example if isinstance(field.example, str) else f"{field.example:.15g}"
