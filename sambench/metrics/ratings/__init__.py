"""Statistics of human ratings: intervals, paired differences and the raters' agreement."""
