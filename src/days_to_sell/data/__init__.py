"""The lake: sources as they were at a snapshot, their integrity, and the training data made of them."""
