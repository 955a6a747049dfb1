"""Image files as cameras and tools write them: headers, kinds, orientation, pixels."""
