"""Pictures of single images with what was predicted for them."""
