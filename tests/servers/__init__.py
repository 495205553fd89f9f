"""The real application against servers of other people, and in its container image: `make test-servers`."""
