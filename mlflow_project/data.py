"""Entry point ``data``: the training data and its integrity report. Also for spark-submit."""

from days_to_sell.cli.entry import run

if __name__ == "__main__":
    run("step.data")
