"""The event log: who put which version where, what was refused and what serves, in rows chained by hashes."""
