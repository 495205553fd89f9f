"""What we promise to programs and browsers, checked from outside over HTTP against real processes."""
