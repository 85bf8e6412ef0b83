"""`torch.optim`: optimizers and schedulers."""
