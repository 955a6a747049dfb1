"""Formats in which people annotate, each read once for every data set that uses it."""
