"""What people upload, and handing it out."""
