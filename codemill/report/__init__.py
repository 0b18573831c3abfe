"""A snapshot shown: on a screen, and as a page."""
