print("no import")
x = torch.ones(1)
