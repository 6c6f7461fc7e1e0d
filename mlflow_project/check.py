"""Entry point ``check``: see ``days-to-sell step check``. Also for spark-submit."""

from days_to_sell.cli.entry import run

if __name__ == "__main__":
    run("step.check")
