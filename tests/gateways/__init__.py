"""Tests of the gateways to external services."""
