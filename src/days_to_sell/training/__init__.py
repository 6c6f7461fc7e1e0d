"""From a spec and training data to a fitted, calibrated and evaluated Spark ML pipeline."""
