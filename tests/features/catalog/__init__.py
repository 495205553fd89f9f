"""Tests of categories and skills."""
