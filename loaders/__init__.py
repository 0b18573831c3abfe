"""A snapshot's records in their order: for our trainer, and for others' by way of Grain, tf.data and PyTorch."""
