"""What a node does with a value that it was not fitted to."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType


class Invalid(Enum):
    """Spark's ``handleInvalid``."""

    KEEP = "keep"
    ERROR = "error"
    SKIP = "skip"


CHOICES = MappingProxyType({each.value: each for each in Invalid})
