"""Tests of what only a demonstration has."""
