"""Tests of planning a day."""
