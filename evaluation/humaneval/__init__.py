"""HumanEval (Chen et al. 2021): functions from their docstrings, held against hidden asserts."""
