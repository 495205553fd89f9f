"""What texts may say: contact details are detected and marked."""
