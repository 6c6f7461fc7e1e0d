"""Integrity: the checks a model declares, carried out by Great Expectations on Spark (ADR 0008).

``declared`` turns each declaration into an expectation, ``carried_out`` runs them on a frame and gives our
results, ``sources`` and ``training`` say what is checked when.
"""

from days_to_sell.data.integrity.carried_out import SAMPLES
from days_to_sell.data.integrity.sources import check_sources
from days_to_sell.data.integrity.training import check_training_frame

__all__ = ["SAMPLES", "check_sources", "check_training_frame"]
