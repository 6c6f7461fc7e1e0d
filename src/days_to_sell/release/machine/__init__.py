"""The state machine of a release: its steps, what the log says of them, and the right to take them."""
