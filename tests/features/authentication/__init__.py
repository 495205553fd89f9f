"""Tests of sign-in and sessions."""
