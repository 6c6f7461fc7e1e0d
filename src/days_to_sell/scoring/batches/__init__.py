"""Many rows at once: a plan computed over NumPy arrays. Nothing else in scoring imports NumPy."""

from days_to_sell.scoring.batches.batch import Batch, compile_batch

__all__ = ["Batch", "compile_batch"]
