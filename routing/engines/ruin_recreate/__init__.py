"""Our own search: ruin and recreate in compiled code. docs/search.md says how it works."""
