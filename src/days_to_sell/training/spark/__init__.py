"""Spark's start: a Java, the exporter of MLeap that goes with it, and one session."""
