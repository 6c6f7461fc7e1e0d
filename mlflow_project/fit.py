"""Entry point ``fit``: see ``days-to-sell step fit``. Also for spark-submit."""

from days_to_sell.cli.entry import run

if __name__ == "__main__":
    run("step.fit")
