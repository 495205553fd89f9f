"""The application with external servers, and in its container image: `make test-servers`."""
