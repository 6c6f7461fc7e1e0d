"""Deployment by git: a commit says what is to serve, and whoever reads it deploys that."""
