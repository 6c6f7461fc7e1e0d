"""What was found of one part, and how a look at it says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from days_to_sell.errors import DaysToSellError

Status = Literal["ok", "note", "missing", "broken"]
NOT_READY: tuple[Status, ...] = ("missing", "broken")


@dataclass(frozen=True)
class Finding:
    """What was found of one part.

    Args:
        subject: The part.
        status: ``missing`` where training or serving cannot do without it; ``broken`` where it was named and
            does not do what it is there for; ``note`` where somebody ought to know.
        said: What is there.
        remedy: What to do; empty where there is nothing to.
    """

    subject: str
    status: Status
    said: str
    remedy: str = ""

    @property
    def told(self) -> str:
        """All of it in one line."""
        return "; ".join(part for part in (self.said, self.remedy) if part)


class Note(Exception):  # noqa: N818 - nothing is wrong
    """Something that somebody ought to know, and that keeps nobody from working.

    Args:
        said: What is there, or is not.
        remedy: What to do about it, if anything.
    """

    def __init__(self, said: str, remedy: str = "") -> None:
        super().__init__(said)
        self.said, self.remedy = said, remedy


class Broken(Exception):  # noqa: N818 - it is what was found, and no failure of the doctor's
    """Something that was named, and does not do what it is there for.

    Args:
        said: What it does.
        remedy: What to do.
    """

    def __init__(self, said: str, remedy: str) -> None:
        super().__init__(said)
        self.said, self.remedy = said, remedy


def look(subject: str, at: Callable[[], str], failing: Status = "missing") -> Finding:
    """Look at one part; errors of ours say first what is wrong, then what to do.

    Args:
        subject: The part.
        at: Says what is there, or raises.
        failing: What it is where an error of ours is raised.
    """
    try:
        return Finding(subject, "ok", at())
    except Note as note:
        return Finding(subject, "note", note.said, note.remedy)
    except Broken as broken:
        return Finding(subject, "broken", broken.said, broken.remedy)
    except DaysToSellError as error:
        said, _, remedy = str(error).partition("; ")
        return Finding(subject, failing, said, remedy)
    except Exception as error:
        # Nothing that one look runs into may keep the others from being told.
        return Finding(
            subject,
            "broken",
            f"cannot be looked at: {type(error).__name__}",
            "that is a fault of the doctor: report it",
        )
