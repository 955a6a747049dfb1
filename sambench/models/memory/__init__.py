"""Models that are in memory already: a module in training, a predictor in a notebook, two functions."""
