"""Entry point ``main``: data, candidates, one registered version. Also for spark-submit."""

from days_to_sell.cli.entry import run

if __name__ == "__main__":
    run("train")
