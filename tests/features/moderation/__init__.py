"""Tests of contact detection in texts."""
