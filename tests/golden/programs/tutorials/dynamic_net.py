import random
import torch


class DynamicNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.tensor(0.1))
        self.b = torch.nn.Parameter(torch.tensor(0.2))
        self.e = torch.nn.Parameter(torch.tensor(0.01))

    def forward(self, x, order):
        y = self.a + self.b * x
        for exp in range(4, order):
            y = y + self.e * x ** exp
        return y


x = torch.linspace(-1, 1, 50)
y = torch.sin(x)
model = DynamicNet()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
orders = [4, 5, 6]
random.seed(0)
for t in range(90):
    order = orders[t % 3]
    loss = (model(x, order) - y).pow(2).sum()
    if t % 30 == 29:
        print(t, order, f'{loss.item():.4f}')
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
for name, p in model.named_parameters():
    print(f'{name}: {p.item():.3f}')
