"""Canary releases: a share of live traffic for a candidate, watched until it is taken or taken back."""
