"""Random numbers: the streams of torch's generators, and whose they are."""
