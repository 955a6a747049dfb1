"""The embedded model: a training-free promptable segmenter over a hierarchy of regions."""
