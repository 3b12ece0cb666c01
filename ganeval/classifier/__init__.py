"""The classifier two-sample test: can fakes be told from reals, how surely, and by what."""
