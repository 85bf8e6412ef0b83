"""Programs as people keep them: notebooks, what is copied out of them, and documents with code in them."""
