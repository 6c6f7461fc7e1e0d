"""From a model package to predictions, in Python alone: no Spark, no JVM, no numpy."""

from days_to_sell.scoring.bundle import Bundle, load_bundle

__all__ = ["Bundle", "load_bundle"]
