"""Proposals of freelancers to orders, offers of terms, and the client's decisions."""
