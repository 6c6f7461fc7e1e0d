"""The scoring service: a Flask application over one model package."""
