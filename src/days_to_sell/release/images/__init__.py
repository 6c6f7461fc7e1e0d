"""The scoring image: what it is called, what it is built on, and where it is published."""
