"""Files that are whole or absent, and text formats read whole or refused with a reason."""
