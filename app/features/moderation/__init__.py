"""Moderation of texts: detection of contact details."""
