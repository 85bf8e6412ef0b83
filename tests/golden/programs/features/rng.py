import torch

torch.manual_seed(42)
for f in (lambda: torch.rand(2), lambda: torch.randn(2), lambda: torch.randn(20).sum() > -100, lambda: torch.randint(5, (3,)), lambda: torch.randperm(5), lambda: torch.normal(0., 1., (2,)), lambda: torch.bernoulli(torch.full((4,), 0.5)), lambda: torch.multinomial(torch.ones(4), 2), lambda: torch.empty(2).normal_(), lambda: torch.empty(2).exponential_(), lambda: torch.zeros(2).uniform_(5, 6), lambda: torch.rand(2, dtype=torch.float64), lambda: torch.randn(1, dtype=torch.float64), lambda: torch.rand(()), lambda: torch.randn(17)[15:], lambda: torch.nn.functional.dropout(torch.ones(6), 0.5), lambda: torch.nn.Linear(2, 1).weight, lambda: torch.nn.Linear(2, 1).bias, lambda: torch.nn.Embedding(2, 2).weight, lambda: torch.randint(0, 2, (2, 2)).bool(), lambda: torch.rand_like(torch.ones(1)), lambda: torch.zeros(3).random_(0, 10), lambda: torch.poisson(torch.tensor([3., 3.])), lambda: torch.nn.Conv1d(1, 1, 2).weight):
    print(f())
for seed in (0, 1, 2 ** 31, -1):
    torch.manual_seed(seed); print(seed, torch.rand(1).item(), torch.randn(1).item(), torch.initial_seed())
