"""The 23 data sets of single-point evaluation, one reader each, and all of them as one."""
