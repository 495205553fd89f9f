"""Tests of accounts and sign-in."""
