"""Files of the research world: readers, hostile input, solutions."""
