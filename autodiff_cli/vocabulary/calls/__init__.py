"""What binds a call to a name of the language: declarations, signatures, kinds of parameters, errors."""
