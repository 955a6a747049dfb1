"""A run cut into parts by hand, and parts put together."""
