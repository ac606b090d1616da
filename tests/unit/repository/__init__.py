"""Tests of the house itself: the map, the style, the import rules, the documents."""
