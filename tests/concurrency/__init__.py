"""Races, with many connections and real commits."""
