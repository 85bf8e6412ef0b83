import torch
from torch import nn

x = torch.tensor([[1., 2., 3.], [4., 6., 8.], [0., 0., 5.]], requires_grad=True)
bn = nn.BatchNorm1d(3)
print(bn)
y = bn(x)
print(y)
print(bn.running_mean, bn.running_var, bn.num_batches_tracked)
(y[0] * torch.tensor([1., 2., 3.])).sum().backward()
print(x.grad)
bn.eval()
print(bn(x.detach()))
ln = nn.LayerNorm(3)
print(ln(x.detach()), ln)
mean, var = x.mean(0), x.var(0, unbiased=False)
print(((x - mean) / (var + 1e-5).sqrt()).detach())
print(torch.std_mean(x.detach(), dim=1))
