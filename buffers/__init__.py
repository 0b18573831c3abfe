"""Native primitives over Arrow buffers: padded texts, byte-class masks, 64-bit mixing, compiled kernels."""
