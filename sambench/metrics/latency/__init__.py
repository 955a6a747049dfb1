"""Metrics of time: percentiles, what many prompts of one image save, ratios of models timed in turn."""
