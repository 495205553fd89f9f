"""Accounts: registration, contacts and their confirmation, passwords, bans."""
