"""Pages composed of several features; each calls services of the features and renders one template."""
