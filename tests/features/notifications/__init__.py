"""Notices and mails."""
