"""Pages composed of several features; each asks the services below and renders one template."""
