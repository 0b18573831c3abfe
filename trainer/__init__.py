"""The staged trainer: JAX and Optax, neither Beam nor TensorFlow."""
