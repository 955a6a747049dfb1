"""The SAM family: checkpoints, preprocessing, encoders and decoders."""
