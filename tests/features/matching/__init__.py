"""Tests of saved searches and recommendations."""
