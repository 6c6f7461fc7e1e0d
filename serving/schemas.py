"""The request contract and the replies as JSON Schema."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from days_to_sell.settings import Settings
from days_to_sell.spec import Field, RequestContract

Schema = dict[str, Any]
JSON_TYPES = {"string": "string", "long": "integer", "double": "number", "date": "string"}
MAX_EXAMPLES = 20


def field_schema(field: Field) -> Schema:
    """Describe one field: its type, unit, range and some values; a category unseen in training is allowed."""
    column = field.column
    kind = JSON_TYPES[column.type]
    schema: Schema = {"type": [kind, "null"] if column.nullable or column.default_today else kind}
    notes = [column.description, f"Unit: {column.unit}." if column.unit else ""]
    if column.default_today:
        notes.append("Left out, it means today.")
    if any(notes):
        schema["description"] = " ".join(note for note in notes if note)
    if column.unit:
        schema["x-unit"] = column.unit
    if column.type == "date":
        schema["format"] = "date"
    if column.minimum is not None:
        schema["minimum"] = column.minimum
    if column.maximum is not None:
        schema["maximum"] = column.maximum
    examples = [field.example, *(category for category in field.categories if category != field.example)]
    schema["examples"] = examples[:MAX_EXAMPLES]
    return schema


def row_schema(contract: RequestContract, settings: Settings) -> Schema:
    """Describe one row as an object of fields."""
    return {
        "type": "object",
        "properties": {field.column.name: field_schema(field) for field in contract.fields},
        "required": [field.column.name for field in contract.fields if _required(field)],
        "additionalProperties": settings.allow_unknown_fields,
        "examples": [example_row(contract)],
    }


def example_row(contract: RequestContract) -> dict[str, str | float | int | None]:
    """One row of the fields' own examples."""
    return {field.column.name: field.example for field in contract.fields}


def columns_schema(contract: RequestContract, settings: Settings) -> Schema:
    """Describe rows as lists of values by field."""
    fields = {name: {"type": "array", "items": _reference(name)} for name in contract.names}
    return {
        "type": "object",
        "description": "Fields as lists of values, equally long.",
        "properties": fields,
        "required": [field.column.name for field in contract.fields if _required(field)],
        "additionalProperties": {"type": "array"} if settings.allow_unknown_fields else False,
    }


def values_schema(contract: RequestContract) -> Schema:
    """Describe one row as a list of values in the contract's order."""
    return {
        "type": "array",
        "description": f"Values in the order {', '.join(contract.names)}.",
        "prefixItems": [_reference(name) for name in contract.names],
        "minItems": len(contract.fields),
        "maxItems": len(contract.fields),
    }


def predictions_schema(contract: RequestContract) -> Schema:
    """Describe the reply to rows that could be scored."""
    number = {"type": "number", "description": contract.description}
    return {
        "type": "object",
        "properties": {"predictions": {"type": "array", "items": number}},
        "required": ["predictions"],
    }


def problem_schema() -> Schema:
    """Describe a problem document."""
    text = {"type": "string"}
    members = dict.fromkeys(("type", "title", "detail", "error_code", "message", "request_id"), text)
    entry: Schema = dict.fromkeys(("field", "value", "allowed", "message"), text)
    entry["row"] = {"type": "integer", "minimum": 0, "description": "Position in the request, from 0."}
    return {
        "type": "object",
        "description": "RFC 9457 with MLflow's error_code and message.",
        "properties": {
            **members,
            "status": {"type": "integer"},
            "errors": {
                "type": "array",
                "items": {"type": "object", "properties": entry, "required": list(entry)},
            },
        },
        "required": [*members, "status"],
    }


def _reference(name: str) -> Schema:
    pointer = name.replace("~", "~0").replace("/", "~1")
    return {"$ref": f"#/components/schemas/Row/properties/{quote(pointer)}"}


def _required(field: Field) -> bool:
    return not (field.column.nullable or field.column.default_today)
