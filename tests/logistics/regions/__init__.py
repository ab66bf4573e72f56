"""Regions: graph, gazetteer, basemap and how they are built."""
