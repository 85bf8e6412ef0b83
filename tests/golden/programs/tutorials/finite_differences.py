import torch


def numeric_gradient(f, x, eps=1e-6):
    grad = torch.zeros_like(x)
    for i in range(x.numel()):
        e = torch.zeros_like(x).view(-1)
        e[i] = eps
        e = e.view_as(x)
        grad.view(-1)[i] = (f(x + e) - f(x - e)) / (2 * eps)
    return grad


functions = {
    'square': lambda x: (x ** 2).sum(),
    'softplus': lambda x: torch.nn.functional.softplus(x).sum(),
    'logsumexp': lambda x: torch.logsumexp(x.flatten(), 0),
    'norm': lambda x: x.norm(),
    'det': lambda x: torch.det(x),
    'prod': lambda x: x.prod(),
    'max': lambda x: x.max(),
}
torch.manual_seed(8)
x = torch.randn(2, 2, dtype=torch.float64)
for name, f in functions.items():
    leaf = x.clone().requires_grad_()
    f(leaf).backward()
    error = (leaf.grad - numeric_gradient(f, x)).abs().max()
    print(f'{name:<10}', leaf.grad.flatten(), bool(error < 1e-6))
