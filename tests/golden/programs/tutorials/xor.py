import torch
import torch.nn as nn

torch.manual_seed(3)
X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float32)
Y = torch.tensor([[0.], [1.], [1.], [0.]])


class XOR(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 4)
        self.fc2 = nn.Linear(4, 1)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        return torch.sigmoid(self.fc2(x))


net = XOR()
opt = torch.optim.Adam(net.parameters(), lr=0.05)
bce = nn.BCELoss()
for epoch in range(400):
    opt.zero_grad()
    loss = bce(net(X), Y)
    loss.backward()
    opt.step()
    if epoch % 100 == 0:
        print(f'epoch {epoch:3d} loss {loss.item():.2f}')
with torch.no_grad():
    for x, out in zip(X, net(X)):
        print([int(v) for v in x], '->', int(out.round()))
print(net)
