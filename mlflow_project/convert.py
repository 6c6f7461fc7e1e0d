"""Entry point ``convert``: see ``days-to-sell step convert``. Also for spark-submit."""

from days_to_sell.cli.entry import run

if __name__ == "__main__":
    run("step.convert")
