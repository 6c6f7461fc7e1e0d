"""The columns that training adds to a frame."""

FEATURES, RAW, TARGET, WEIGHT = "features", "raw", "target", "weight"
