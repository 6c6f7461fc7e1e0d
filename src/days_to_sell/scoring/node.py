"""One node of a bundle: an operator, its attributes, and the columns on its ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from days_to_sell.errors import BundleError
from days_to_sell.scoring.attributes import Attributes
from days_to_sell.scoring.columns import NUMBER, STRING, Columns, Kind
from days_to_sell.scoring.folder import Folder

# The columns of one row; a step reads some and writes its own.
Row = dict[str, Any]
Step = Callable[[Row], None]


class RowDroppedError(Exception):
    """A node leaves this row out of its answer, as its ``handleInvalid="skip"`` asks."""


@dataclass(frozen=True)
class Node:
    """A node on its way to become a step.

    Args:
        name: Name of the node, unique in its pipeline.
        attributes: What the operator was fitted to.
        folder: The node's folder, where ensembles keep their trees.
        columns: The columns of the pipeline so far.
        ports_in: Column on each input port.
        ports_out: Column on each output port.
    """

    name: str
    attributes: Attributes
    folder: Folder
    columns: Columns
    ports_in: Mapping[str, str]
    ports_out: Mapping[str, str]

    def number_in(self, port: str) -> str:
        """Name of the number column on an input port."""
        return self.read(port, NUMBER)

    def string_in(self, port: str) -> str:
        """Name of the text column on an input port."""
        return self.read(port, STRING)

    def vector_in(self, port: str, width: int | None) -> str:
        """Name of the vector column on an input port."""
        return self.read(port, Kind("vector", width))

    def read(self, port: str, kind: Kind) -> str:
        """Name of the column on an input port, noted as read."""
        column = self._column(self.ports_in, port)
        self.columns.read(column, kind)
        return column

    def write(self, port: str, kind: Kind) -> str:
        """Name of the column on an output port, noted as written."""
        column = self._column(self.ports_out, port)
        self.columns.write(column, kind)
        return column

    def numbered(self, ports: Mapping[str, str], prefix: str) -> list[str]:
        """The ports ``prefix``0, ``prefix``1 and so on, in the order of their numbers."""
        names = [f"{prefix}{number}" for number in range(len(ports))]
        if set(names) != set(ports):
            raise BundleError(f"has the ports {', '.join(sorted(ports))} where {prefix}0 and up are due")
        return names

    def _column(self, ports: Mapping[str, str], port: str) -> str:
        if port not in ports:
            raise BundleError(f"has no port {port!r}, only {', '.join(sorted(ports)) or 'none'}")
        return ports[port]


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
