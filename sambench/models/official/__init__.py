"""Predictors with SamPredictor's interface, scored unchanged."""
