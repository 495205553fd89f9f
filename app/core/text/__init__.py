"""Texts that people type: cleaning, comparing, and writing figures in words."""
