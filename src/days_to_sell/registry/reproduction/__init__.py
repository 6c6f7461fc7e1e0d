"""Reproduction: a version made again from its commit and its snapshot, and compared with itself."""
