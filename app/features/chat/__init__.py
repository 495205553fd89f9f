"""Conversations between the client and the freelancer of a proposal."""
