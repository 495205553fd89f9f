"""Contracts: the terms that a client and a freelancer agreed on."""
