"""Mutants: the routing code with one rule broken on purpose, which the tests must notice."""
