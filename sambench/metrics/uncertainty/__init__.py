"""How sure a figure is: resamples, influences of single images, intervals, differences of runs, power."""
