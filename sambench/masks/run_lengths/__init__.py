"""Run lengths of masks: made in one pass from logits, checked, read from strings, told by the bits of a device."""
