"""Derivatives of many outputs at once, through all that a function may do on the way."""

import torch
from torch.autograd.functional import hessian as whole_hessian
from torch.autograd.functional import hvp, jacobian, vhp
from torch.autograd.functional import jvp as tangent_of
from torch.func import functional_call, hessian, jacfwd, jacrev, jvp

torch.manual_seed(0)
A = torch.randn(3, 3)
x = torch.randn(3)
w = torch.randn(2, 3)


def f(x):
    return torch.tanh(A @ x / 10) * x


def s(x):
    return (f(x) ** 2).sum()


print(jacrev(f)(x))
print(jacfwd(f)(x))
print(jacobian(f, x))
print(jacobian(f, x, create_graph=True))
print(jacobian(f, x, vectorize=True, strategy="forward-mode"))
print(jacobian(lambda x, w: w @ x.sin(), (x, w)))

print(hessian(s)(x))
print(whole_hessian(s, x))
print(whole_hessian(s, x, create_graph=True))
print(jacrev(jacrev(s))(x))
print(jacfwd(jacfwd(s))(x))
print(jacrev(hessian(s))(x).shape)

v = torch.ones(3)
print(hvp(s, x, v), vhp(s, x, v))
print(hvp(s, x, v, create_graph=True))
print(tangent_of(f, x, v))
print(tangent_of(f, x, v, create_graph=True))
print(jvp(f, (x,), (v,)))

# through the Jacobian
y = x.clone().requires_grad_()
jacobian(f, y, create_graph=True).pow(2).sum().backward()
print(y.grad)
y.grad = None
found = jacrev(f)(y)
print(found.requires_grad)
found.sum().backward()
print(y.grad)

# several cotangents
z = x.clone().requires_grad_()
out = f(z)
print(torch.autograd.grad(out, z, torch.eye(3), is_grads_batched=True))
try:
    torch.autograd.grad(out, z, torch.eye(3), is_grads_batched=True)
except RuntimeError as error:
    print(str(error)[:60])


# writes, decisions, functions and hooks of the program
def written(x):
    y = x * 2
    y[0] = y[1].clone() * x[2]
    y.mul_(x)
    return y


def decided(x):
    return x.exp() if x.sum() > 0 else x.cosh()


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


def hooked(x):
    y = x.abs() * 3
    y.register_hook(lambda g: g * 10)
    return y.cumsum(0)


print(jacobian(written, x).abs())
print(jacobian(decided, x).abs())
print(jacobian(Square.apply, x).abs())
print(jacobian(hooked, x).abs())
print(jacobian(lambda x: x.max(0).values, w))
print(jacobian(lambda x: torch.softmax(x, 1).sum(0), w))
print(jacobian(lambda x: x.sum(), x), jacobian(lambda x: torch.ones(2), x))
for function, inputs in ((lambda x: torch.ones(2), x), (lambda a, b: a * 2, (x, x))):
    try:
        jacobian(function, inputs, strict=True)
    except RuntimeError as error:
        print(error)

layer = torch.nn.Linear(3, 2)
parameters = dict(layer.named_parameters())
found = jacrev(lambda p: functional_call(layer, p, (x,)))(parameters)
print({name: value.shape for name, value in found.items()})
print(jacobian(layer, x))
