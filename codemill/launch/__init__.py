"""Places where a training run can be started: processes of this machine, or the hosts of a Cloud TPU slice."""
