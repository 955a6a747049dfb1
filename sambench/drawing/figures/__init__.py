"""Figures made from stored runs, one module a kind."""
