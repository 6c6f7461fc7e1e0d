"""Tests of reading history."""
