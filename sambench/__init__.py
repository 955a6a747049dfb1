"""Zero-shot evaluation of promptable segmentation models by the Segment Anything paper's own protocols."""

__version__ = "0.1.0"
