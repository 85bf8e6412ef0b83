import torch
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

torch.manual_seed(0)


def predict(weight, bias, x):
    return torch.tanh(x @ weight + bias)


w, b, x = torch.randn(3, 2), torch.randn(2), torch.randn(3)
print(jacrev(predict, argnums=0)(w, b, x).shape, jacfwd(predict, argnums=2)(w, b, x))
print(torch.allclose(jacrev(predict)(w, b, x), jacfwd(predict)(w, b, x)))
print(grad(lambda v: v.sin().sum())(x), grad(grad(lambda t: t ** 3))(torch.tensor(2.)))
value, pull = vjp(lambda v: predict(w, b, v), x)
print(value, pull(torch.ones(2)))
print(jvp(lambda v: predict(w, b, v), (x,), (torch.ones(3),)))
print(hessian(lambda v: (v ** 2).sum() * v[0])(x))
batch = torch.randn(4, 3)
print(vmap(predict, in_dims=(None, None, 0))(w, b, batch))
print(vmap(grad(lambda v: (v ** 2).sum()))(batch))
model = torch.nn.Linear(3, 1)
params = dict(model.named_parameters())


def loss(params, x, y):
    return ((functional_call(model, params, (x.unsqueeze(0),)) - y) ** 2).sum()


per_sample = vmap(grad(loss), in_dims=(None, 0, 0))({k: v.detach() for k, v in params.items()}, batch, torch.zeros(4))
print({k: v.shape for k, v in per_sample.items()}, per_sample['bias'])
