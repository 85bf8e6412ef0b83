"""Arrays in and out of files."""
