"""Brings orders and people together: saved searches, recommendations, and what is known of both sides."""
