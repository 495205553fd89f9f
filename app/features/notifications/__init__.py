"""Tells people what concerns them: notices on the site and mails."""
