"""Legal statuses: who a person is in law, checked by form and stored encrypted."""
