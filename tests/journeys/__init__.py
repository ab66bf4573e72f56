"""Whole stories, told through the commands and pages a person would use."""
