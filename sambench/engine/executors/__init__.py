"""A run on several devices: worker processes that predict and score, and the driver that hands them samples."""
