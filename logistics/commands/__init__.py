"""The commands of `tournee`, one module per subject.

A module declares its commands with `add` and imports what they need only when one of them runs, so that `--help`
answers at once.
"""
