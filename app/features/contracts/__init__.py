"""Contracts: what a customer and a freelancer agreed on."""
