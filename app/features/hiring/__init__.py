"""Hiring without a listed order: terms offered to one person by name, link or e-mail, without a listed order."""
