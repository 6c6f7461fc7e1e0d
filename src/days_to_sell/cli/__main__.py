"""``python -m days_to_sell.cli``."""

from days_to_sell.cli import main

main()
