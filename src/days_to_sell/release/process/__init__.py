"""The process target: gunicorn on this machine, succeeded in place by the next version."""
