"""Manifests of a released version."""
