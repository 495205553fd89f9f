"""Share images: preview images of shared links, rendered in a process of their own."""
