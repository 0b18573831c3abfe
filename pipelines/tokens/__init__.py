"""The tokenizer of a build, and its documents' token ids."""
