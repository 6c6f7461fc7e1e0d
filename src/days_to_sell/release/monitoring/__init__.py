"""Watching what is released: from a service's counters to drift, live errors, an alarm and a retrain."""
