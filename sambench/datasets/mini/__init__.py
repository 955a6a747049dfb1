"""The embedded data set: scenes that are generated, in the formats of real data sets."""
