"""Data sets whose ground truth is boundaries that people drew."""
