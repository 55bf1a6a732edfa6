"""What SECURITY.md promises, each line with the hostile thing that it is about."""
