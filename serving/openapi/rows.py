"""Rows of a request as JSON Schema, with what training saw of each field."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.unusual import trained_ranges
from days_to_sell.settings import Settings
from days_to_sell.spec import Field
from days_to_sell.spec.contract import MAX_CATEGORIES

Schema = dict[str, Any]
JSON_TYPES = {"string": "string", "long": "integer", "double": "number", "date": "string"}
MAX_EXAMPLES = 20


class Rows:
    """Describes the rows that a model takes.

    What JSON Schema refuses the service refuses; what training saw is told in members of our own
    (``x-unit``, ``x-trained-range``, ``x-trained-categories``), for beyond it rows are answered too.

    Args:
        package: Its contract and profile.
        settings: Whether unknown fields are passed over.
    """

    def __init__(self, package: ModelPackage, settings: Settings) -> None:
        self._contract, self._open = package.contract, settings.allow_unknown_fields
        self._ranges = trained_ranges(package.contract, package.profile)
        self._required = [field.column.name for field in package.contract.fields if field.required]

    def as_object(self) -> Schema:
        """One row as an object of fields."""
        return {
            "type": "object",
            "properties": {field.column.name: self._field(field) for field in self._contract.fields},
            "required": self._required,
            "additionalProperties": self._open,
            "examples": [{field.column.name: field.example for field in self._contract.fields}],
        }

    def as_columns(self) -> Schema:
        """Rows as lists of values by field."""
        fields = {name: {"type": "array", "items": _reference(name)} for name in self._contract.names}
        return {
            "type": "object",
            "description": "Fields as lists of values, equally long.",
            "properties": fields,
            "required": self._required,
            "minProperties": 1,
            "additionalProperties": {"type": "array"} if self._open else False,
        }

    def as_values(self) -> Schema:
        """One row as a list of values in the contract's order."""
        return {
            "type": "array",
            "description": f"Values in the order {', '.join(self._contract.names)}.",
            "prefixItems": [_reference(name) for name in self._contract.names],
            "minItems": len(self._contract.fields),
            "maxItems": len(self._contract.fields),
        }

    def _field(self, field: Field) -> Schema:
        column = field.column
        kind = JSON_TYPES[column.type]
        schema: Schema = {"type": kind if field.required else [kind, "null"]}
        notes = [f"{column.description.rstrip('.')}."] if column.description else []
        if column.unit:
            notes.append(f"Unit: {column.unit}.")
            schema["x-unit"] = column.unit
        if column.default_today:
            notes.append("Left out or null, it means today (UTC).")
        if column.type == "date":
            schema["format"] = "date"
        if column.minimum is not None:
            schema["minimum"] = column.minimum
        if column.maximum is not None:
            schema["maximum"] = column.maximum
        if column.name in self._ranges:
            low, high = map(_plain, self._ranges[column.name])
            schema["x-trained-range"] = {"minimum": low, "maximum": high}
            notes.append(f"Training saw {low} to {high}.")
        if field.categories:
            schema["x-trained-categories"] = list(field.categories)
            notes.append(_words(field))
        if notes:
            schema["description"] = " ".join(notes)
        examples = [field.example, *(category for category in field.categories if category != field.example)]
        schema["examples"] = examples[:MAX_EXAMPLES]
        return schema


def _words(field: Field) -> str:
    if len(field.categories) < MAX_CATEGORIES:
        return f"Training saw {len(field.categories)} texts; others are answered too, as unknown."
    return f"The {MAX_CATEGORIES} texts that training saw most are listed; others are answered too."


def _plain(number: float) -> float | int:
    return int(number) if number.is_integer() else number


def _reference(name: str) -> Schema:
    pointer = name.replace("~", "~0").replace("/", "~1")
    return {"$ref": f"#/components/schemas/Row/properties/{quote(pointer)}"}
