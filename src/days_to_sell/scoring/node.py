"""One node of a bundle: an operator, its attributes, and the columns on its ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from days_to_sell.errors import BundleError
from days_to_sell.scoring.attributes import Attributes
from days_to_sell.scoring.columns import Columns
from days_to_sell.scoring.folder import Folder
from days_to_sell.scoring.kinds import BOOLEAN, NUMBER, STRING, Kind
from days_to_sell.scoring.plan.expressions import AnyOf, Element, Number, Text, Truth
from days_to_sell.scoring.plan.plan import Check, Stage, Value
from days_to_sell.scoring.plan.vectors import Vector


@dataclass(frozen=True)
class Node:
    """A node on its way to become a stage: its operator reads ports, and writes them.

    Args:
        name: Name of the node, unique in its pipeline.
        op: MLeap's name of its operator.
        attributes: What the operator was fitted to.
        folder: The node's folder, where ensembles keep their trees.
        columns: The columns of the pipeline so far.
        ports_in: Column on each input port.
        ports_out: Column on each output port.
    """

    name: str
    op: str
    attributes: Attributes
    folder: Folder
    columns: Columns
    ports_in: Mapping[str, str]
    ports_out: Mapping[str, str]
    _read: dict[str, None] = field(default_factory=dict)
    _written: dict[str, Value] = field(default_factory=dict)
    _checks: list[Check] = field(default_factory=list)

    def number(self, port: str) -> Number:
        """Read the number on an input port."""
        return self._value(port, NUMBER)  # type: ignore[return-value]

    def boolean(self, port: str) -> Number:
        """Read the truth value on an input port, as 1 or 0; NaN for null."""
        return self._value(port, BOOLEAN)  # type: ignore[return-value]

    def text(self, port: str) -> Text:
        """Read the text on an input port."""
        return self._value(port, STRING)  # type: ignore[return-value]

    def vector(self, port: str, width: int) -> Vector:
        """Read the vector of a width on an input port."""
        return self._value(port, Kind("vector", width))  # type: ignore[return-value]

    def element(self, port: str, position: int) -> Number:
        """Read one element of the vector on an input port, whatever its width."""
        vector = self._value(port, Kind("vector", None, position + 1))
        return vector[position] if isinstance(vector, Vector) else Element(vector, position)  # type: ignore[arg-type]

    def known_kind(self, port: str) -> Kind | None:
        """Say what the column on an input port holds, see :meth:`Columns.kind`."""
        return self.columns.kind(self.column_in(port))

    def column_in(self, port: str) -> str:
        """Name the column on an input port."""
        return self._column(self.ports_in, port)

    def write(self, port: str, value: Value) -> None:
        """Write the column on an output port."""
        column = self._column(self.ports_out, port)
        self.columns.write(column, value)
        self._written[column] = value

    def write_if_asked(self, port: str, value: Value) -> None:
        """Write the column on an output port that the node may do without."""
        if port in self.ports_out:
            self.write(port, value)

    def refuse(self, truth: Truth | None, message: str, value: Number | Text | None = None) -> None:
        """Refuse rows for which a truth holds; ``{}`` in the message stands for the offending value."""
        if truth is not None:
            self._checks.append(Check(truth, message, value))

    def drop(self, truth: Truth | None) -> None:
        """Leave out rows for which a truth holds."""
        if truth is not None:
            self._checks.append(Check(truth))

    def numbered(self, ports: Mapping[str, str], prefix: str) -> list[str]:
        """The ports ``prefix``0, ``prefix``1 and so on, in the order of their numbers."""
        names = [f"{prefix}{number}" for number in range(len(ports))]
        if set(names) != set(ports):
            raise BundleError(f"has the ports {', '.join(sorted(ports))} where {prefix}0 and up are due")
        return names

    def inner(self, name: str) -> Node:
        """Give the model in a folder of the node, as a node that reads the same columns and writes none."""
        folder = self.folder.folder(name)
        op, attributes = read_model(folder.document("model.json"))
        return replace(self, op=op, attributes=attributes, folder=folder, ports_out={})

    def stage(self) -> Stage:
        """Give what became of the node."""
        unwritten = sorted(port for port, column in self.ports_out.items() if column not in self._written)
        if unwritten:
            raise BundleError(f"has the output port {unwritten[0]!r}, which this operator does not write")
        return Stage(self.name, self.op, tuple(self._read), dict(self._written), tuple(self._checks))

    def _value(self, port: str, kind: Kind) -> Value:
        column = self.column_in(port)
        self._read[column] = None
        return self.columns.read(column, kind)

    def _column(self, ports: Mapping[str, str], port: str) -> str:
        if port not in ports:
            raise BundleError(f"has no port {port!r}, only {', '.join(sorted(ports)) or 'none'}")
        return ports[port]


def any_of(truths: Sequence[Truth | None]) -> Truth | None:
    """Ask whether one of some truths holds; None stands for one that never does."""
    known = tuple(truth for truth in truths if truth is not None)
    return AnyOf(known) if len(known) > 1 else known[0] if known else None


def read_model(model: Mapping[str, Any]) -> tuple[str, Attributes]:
    """Read the name of the operator and its attributes from what a ``model.json`` holds."""
    op, attributes = model.get("op"), model.get("attributes", {})
    if not isinstance(op, str) or not isinstance(attributes, dict):
        raise BundleError("its model.json names no operator, or its attributes are no object")
    return op, Attributes(attributes)


def read_ports(shape: Any, side: str) -> dict[str, str]:
    """Read one side, ``inputs`` or ``outputs``, of a node's shape: the column on each port."""
    sockets = shape.get(side) if isinstance(shape, dict) else None
    if not isinstance(sockets, list):
        raise BundleError(f"its shape lists no {side}")
    ports: dict[str, str] = {}
    for socket in sockets:
        port, column = (socket.get(k) if isinstance(socket, dict) else None for k in ("port", "name"))
        if not isinstance(port, str) or not isinstance(column, str) or port in ports:
            raise BundleError(f"its shape has {side} that are no pairs of port and column")
        ports[port] = column
    return ports
