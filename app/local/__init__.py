"""What a single machine runs beside the application: the catcher of its mail."""
