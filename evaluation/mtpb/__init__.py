"""The Multi-Turn Programming Benchmark (Nijkamp et al. 2022): programs in steps, held against the value they print."""
