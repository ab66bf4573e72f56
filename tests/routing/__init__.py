"""Tests of routing: every promise of a plan, and the judge who holds it."""
