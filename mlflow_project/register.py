"""Entry point ``register``: see ``days-to-sell step register``. Also for spark-submit."""

from days_to_sell.cli.entry import run
from days_to_sell.cli.step.register import register

if __name__ == "__main__":
    run(register)
