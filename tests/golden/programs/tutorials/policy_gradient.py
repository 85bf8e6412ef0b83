import torch
import torch.nn as nn
import torch.optim as optim
from torch.distributions import Categorical

torch.manual_seed(0)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))

    def forward(self, x):
        return Categorical(logits=self.net(x))


policy = Policy()
opt = optim.Adam(policy.parameters(), lr=0.05)
for step in range(5):
    states = torch.randn(8, 4)
    dist = policy(states)
    actions = dist.sample()
    rewards = (actions == (states[:, 0] > 0).long()).float()
    loss = -(dist.log_prob(actions) * (rewards - rewards.mean())).mean() - 0.01 * dist.entropy().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f'step {step}: reward {rewards.mean().item():.3f}, loss {loss.item():.4f}, actions {actions.tolist()}')
print(dist)
