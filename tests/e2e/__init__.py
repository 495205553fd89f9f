"""Stories over real processes: web, worker, beat and a real mail server, started and ended by the tests."""
