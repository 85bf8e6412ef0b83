import torch
from torch.distributions import Laplace, Normal, Exponential

torch.manual_seed(1)
mu = torch.tensor([0.5], requires_grad=True)
log_sigma = torch.tensor([0.1], requires_grad=True)
d = Normal(mu, log_sigma.exp())
x = d.rsample((4,))
loss = (x ** 2).mean()
loss.backward()
print(x.requires_grad, d.sample().requires_grad, mu.grad, log_sigma.grad)
for dist in (Laplace(torch.tensor(0.), torch.tensor(2.)), Exponential(torch.tensor(3.))):
    s = dist.rsample((3,))
    print(dist, s, dist.log_prob(s), dist.cdf(s), dist.icdf(torch.tensor(0.25)), dist.entropy())
optimizer = torch.optim.SGD([mu, log_sigma], lr=0.1)
data = torch.randn(50) * 2 + 3
for epoch in range(3):
    optimizer.zero_grad()
    nll = -Normal(mu, log_sigma.exp()).log_prob(data).mean()
    nll.backward()
    optimizer.step()
    print(epoch, nll.item())
