"""Edges of masks: their strength on host and device, suppression, one map of all masks."""
