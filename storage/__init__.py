"""One door to files: local paths and gs:// objects behind the same few functions."""
