"""Releases by git."""
