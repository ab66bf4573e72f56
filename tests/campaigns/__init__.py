"""Long trials by command: many writers, and kill -9 of everything. Short slices of them run with the other tests."""
