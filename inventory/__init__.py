"""What we own, where it lies, who has it and where our people live.

This room knows no van and no tour: why something moved is an opaque `cause`.
"""
