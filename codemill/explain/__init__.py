"""From a file to what became of it, and from a place in a shard back to the file."""
