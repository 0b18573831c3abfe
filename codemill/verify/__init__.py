"""A snapshot read again from its first byte to its last."""
