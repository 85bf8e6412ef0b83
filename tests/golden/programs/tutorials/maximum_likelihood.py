import math
import torch

torch.manual_seed(0)
data = torch.normal(3.0, 2.0, size=(200,))
mu = torch.tensor(0.0, requires_grad=True)
log_sigma = torch.tensor(0.0, requires_grad=True)
opt = torch.optim.Adam([mu, log_sigma], lr=0.1)
for i in range(200):
    opt.zero_grad()
    nll = (0.5 * ((data - mu) / log_sigma.exp()) ** 2 + log_sigma + 0.5 * math.log(2 * math.pi)).mean()
    nll.backward()
    opt.step()
    if i % 50 == 0:
        print(i, '%.3f' % nll.item())
print(f'{mu.item():.2f} {data.mean().item():.2f}')
print(f'{log_sigma.exp().item():.2f} {data.std(unbiased=False).item():.2f}')
normal = torch.distributions.Normal(torch.tensor(0.), torch.tensor(1.))
print(normal.log_prob(torch.tensor([0., 1.])))
