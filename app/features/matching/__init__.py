"""Matching: saved searches with alert e-mails, recommendations, and computing customer statistics."""
