import torch
from torch import nn

torch.manual_seed(0)
shared = nn.Linear(2, 2, bias=False)
net = nn.Sequential(shared, nn.Tanh(), shared)
print(net)
print(len(list(net.parameters())), net[0] is net[2])
x = torch.tensor([[1., 2.]])
net(x).sum().backward()
total = shared.weight.grad.clone()
w = shared.weight.detach()
w1, w2 = w.clone().requires_grad_(), w.clone().requires_grad_()
(torch.tanh(x @ w1.T) @ w2.T).sum().backward()
print(torch.allclose(total, w1.grad + w2.grad))
net[0].weight.data[0, 0] = 5.
print(net[2].weight)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(5, 3)
        self.out = nn.Linear(3, 5, bias=False)
        self.out.weight = self.emb.weight

    def forward(self, i):
        return self.out(self.emb(i))


tied = Tied()
print(tied(torch.tensor([0, 4])).shape, list(dict(tied.named_parameters())))
