"""Tests of notifications and e-mail."""
