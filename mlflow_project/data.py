"""Entry point ``data``: the training data and its integrity report. Also for spark-submit."""

from days_to_sell.cli.entry import run
from days_to_sell.cli.step.data import data

if __name__ == "__main__":
    run(data)
