"""Orders in, tours out: the only room that says both "laptop" and "tour"."""
