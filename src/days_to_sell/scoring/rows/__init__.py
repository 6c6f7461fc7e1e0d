"""Single rows: one Python function written from a plan, with all that is known before worked into it."""

from days_to_sell.scoring.rows.compile import compile_rows

__all__ = ["compile_rows"]
