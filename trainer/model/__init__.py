"""CodeGen's decoder: its parameters, its layers, and its form at Hugging Face."""
