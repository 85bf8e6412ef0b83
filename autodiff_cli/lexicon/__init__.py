"""The words of the language: what each is called, what it means, and what is known of it."""
