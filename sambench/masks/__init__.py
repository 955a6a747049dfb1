"""Mask arithmetic: run-length codes, boxes, suppression, stability, resizing, automatic mask generation."""
