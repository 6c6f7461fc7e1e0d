"""From a model package to predictions, without Spark."""

from days_to_sell.scoring.bundle import Bundle, load_bundle

__all__ = ["Bundle", "load_bundle"]
