"""The data sets of interactive segmentation, one reader each: masks of objects to be clicked on."""
