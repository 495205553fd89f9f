"""The sandbox provider over real HTTP, and the adapter that talks to it."""
