import torch
from torch.distributions import Bernoulli, Categorical, Normal, Uniform, kl_divergence

torch.manual_seed(42)
prior = Normal(torch.zeros(3), torch.ones(3))
posterior = Normal(torch.tensor([0.5, -0.5, 0.]), torch.tensor([1., 2., 0.5]))
print(prior, posterior.mean, posterior.stddev)
z = posterior.rsample()
print(z, posterior.log_prob(z), kl_divergence(posterior, prior).sum())
coin = Bernoulli(torch.tensor(0.7))
flips = coin.sample((10,))
print(coin, flips, flips.mean(), coin.log_prob(flips).sum(), coin.entropy())
die = Categorical(torch.ones(6))
rolls = die.sample((12,))
print(die, rolls, torch.bincount(rolls, minlength=6), die.log_prob(torch.tensor(3)))
u = Uniform(-1., 1.)
print(u.sample((2, 2)), u.mean, u.variance, u.log_prob(torch.tensor(0.5)))
try:
    u.log_prob(torch.tensor(3.))
except ValueError as e:
    print(e)
try:
    Normal(0., -1.)
except ValueError as e:
    print(e)
