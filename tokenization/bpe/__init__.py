"""Byte-pair encoding by kernels, and GPT-2's way of cutting text for it."""
