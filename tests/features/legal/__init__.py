"""Tests of legal statuses."""
