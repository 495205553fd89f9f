"""Every migration runs up, down and up, keeps data, locks no table for long, and matches the models."""
