"""Generated example data with a known truth; the formulas are in ADR 0007."""

from days_to_sell.models.days_to_sell.example.lake import write_example_lake

__all__ = ["write_example_lake"]
