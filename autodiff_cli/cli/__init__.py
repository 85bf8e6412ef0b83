"""The command line: words to calls of the library, and errors to exit codes."""
