"""Tests of logistics."""
