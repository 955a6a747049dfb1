"""Commands that hold runs, models or sets of masks against each other."""
