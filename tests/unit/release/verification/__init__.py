"""Tests of verification from bytes."""
