import torch
import torch.nn as nn
import torch.nn.functional as F


class TwoLayerNet(nn.Module):
    def __init__(self, D_in, H, D_out):
        super(TwoLayerNet, self).__init__()
        self.linear1 = nn.Linear(D_in, H)
        self.linear2 = nn.Linear(H, D_out)

    def forward(self, x):
        h_relu = F.relu(self.linear1(x))
        return self.linear2(h_relu)


torch.manual_seed(0)
x = torch.randn(8, 10)
y = torch.randn(8, 2)
model = TwoLayerNet(10, 6, 2)
print(model)
for name, parameter in model.named_parameters():
    print(name, tuple(parameter.size()), parameter.numel(), parameter.requires_grad)
criterion = nn.MSELoss(reduction='sum')
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
for t in range(61):
    loss = criterion(model(x), y)
    if t % 20 == 0:
        print(t, '{:.3f}'.format(loss.item()))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(model.linear2.bias)
print(sum(p.numel() for p in model.parameters() if p.requires_grad))
