"""Results to text, one file a format. Nothing is computed here."""
