"""Array types of the example data."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Dates: TypeAlias = NDArray[np.datetime64]
Texts: TypeAlias = NDArray[Any]
"""Object arrays of text, which pyarrow takes as they are."""
