"""Models that take image, clicks and their earlier mask at once: RITM, SimpleClick, FocalClick, SegNext."""
