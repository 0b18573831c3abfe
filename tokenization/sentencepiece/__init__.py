"""SentencePiece's models, trained by its library and encoded by kernels: BPE and unigram."""
