"""What a task saves and reads: predictions in the field's own file formats."""
