"""What the runtime throws, in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from days_to_sell.errors import EnvironmentProblem, ScoringError
from days_to_sell.scoring.jvm.machine import Machine


@contextmanager
def java_errors(machine: Machine) -> Iterator[None]:
    """Turn what MLeap throws at a row into our own error.

    Raises:
        ScoringError: It refuses the row, or one of several.
        EnvironmentProblem: The JVM is at its end, whatever the row.
    """
    try:
        yield
    except machine.jpype.JException as error:
        raise_if_exhausted(machine, error)
        raise ScoringError(f"MLeap's runtime refuses it: {describe(error)}") from None


def raise_if_exhausted(machine: Machine, error: Any) -> None:
    """Raise what is no fault of a bundle or a row.

    Raises:
        EnvironmentProblem: The JVM ran out of memory.
    """
    if isinstance(error, machine.java("java.lang.OutOfMemoryError")):
        raise EnvironmentProblem(
            f"the JVM ran out of memory ({error.getMessage()}); give it more with the option -Xmx "
            f"(it has: {' '.join(machine.runtime.options)})"
        ) from None


def describe(error: Any) -> str:
    """Say what a Java exception says, at its root."""
    while error.getCause() is not None:
        error = error.getCause()
    name = str(error.getClass().getSimpleName())
    message = error.getMessage()
    return f"{message} ({name})" if message else name
