"""What commands print with format=json, as types from which its JSON Schema is made."""
