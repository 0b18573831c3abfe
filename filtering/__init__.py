"""Signals of documents and the rules that keep or drop them: pure functions over arrays."""
