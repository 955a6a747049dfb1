"""Metrics of masks that a phrase asks for: cgF1 and what it is made of, over pairs of an image and a phrase."""
