"""What is said of a fitted candidate, and which of them becomes a version."""
