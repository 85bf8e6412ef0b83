"""`torch.nn`: modules, their first values, and what trains them."""
