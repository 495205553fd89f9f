"""Processing of texts that people type."""
