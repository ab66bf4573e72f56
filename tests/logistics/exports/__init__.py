"""Tests of the files a day is written to."""
