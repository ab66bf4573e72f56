"""Tests of Tournée; each folder mirrors a package."""
