"""Notifications on the site and by e-mail."""
