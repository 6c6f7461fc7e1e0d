"""The daemon: it looks at the registry again and again, and at once when something tells it to."""
