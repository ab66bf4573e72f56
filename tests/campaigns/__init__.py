"""Long trials by command, each with a count and a seed; the suite runs a slice of each."""
