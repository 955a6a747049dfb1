"""The results in a browser: served from this machine, or written as files for any web host."""
