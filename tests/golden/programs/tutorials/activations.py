import torch
import torch.nn as nn
import torch.nn.functional as F

x = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0], requires_grad=True)
for f in [torch.relu, torch.sigmoid, torch.tanh, F.gelu, F.silu, F.softplus, F.elu, F.leaky_relu, F.hardtanh, F.selu, F.mish, F.softsign, F.logsigmoid]:
    y = f(x)
    g, = torch.autograd.grad(y.sum(), x)
    print(f'{f.__name__:<12}', y.detach(), g)
for m in [nn.ReLU(), nn.LeakyReLU(0.2), nn.ELU(alpha=0.5), nn.Softmax(dim=-1), nn.PReLU(), nn.Hardtanh(-2, 2), nn.Identity()]:
    print(m, m(x))
print(torch.relu(x).grad_fn, F.gelu(x, approximate='tanh'))
