"""Tests of the finance pages."""
