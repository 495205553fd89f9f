"""What people report to the operator, and how it ends."""
