"""The sections of a training configuration, one a file; `TrainConfig` joins them."""
