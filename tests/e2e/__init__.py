"""Whole journeys with real processes: web, worker, beat and a real mail server, started and stopped by the tests."""
