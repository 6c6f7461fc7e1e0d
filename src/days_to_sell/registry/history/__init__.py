"""The event log read into answers: what happened to a model, what was in Production then, what answered."""
