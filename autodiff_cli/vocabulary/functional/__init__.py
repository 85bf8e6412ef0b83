"""`torch.nn.functional`: activations, losses, layers, convolutions, pools."""
