"""Runs, scores, verdicts and tables from Python."""
