"""Metrics of clicked masks: IoU, boundary IoU and their means."""
