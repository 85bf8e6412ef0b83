"""`torch.linalg`: equations, factors, chains of matrices."""
