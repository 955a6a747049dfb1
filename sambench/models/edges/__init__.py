"""Detectors that find an image's edges by themselves: the interface, and the classical ones."""
