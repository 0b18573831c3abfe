"""Text to token ids and records: tokenizers behind one interface, and packing; pure functions."""
