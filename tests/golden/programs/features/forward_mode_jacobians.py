import torch
x = torch.tensor([1., 2.]); y = torch.tensor(3., requires_grad=True)
jac, hes = torch.autograd.functional.jacobian, torch.autograd.functional.hessian
print(jac(lambda a: (a*a, a.sum()), x, vectorize=True, strategy='forward-mode'))
print(jac(lambda a: a*a, (x,), vectorize=True, strategy='forward-mode'))
print(jac(lambda a, b: (a*b, b.sum()), (x, y.detach()), vectorize=True, strategy='forward-mode'))
print(hes(lambda a: (a * a * a).sum(), x, vectorize=True, outer_jacobian_strategy='forward-mode'))
for c in (lambda: jac(torch.sin, x, strategy='fo'), lambda: hes(lambda a: a.sum(), x, outer_jacobian_strategy='x'), lambda: jac(torch.sin, x, strict=True, strategy='forward-mode'), lambda: hes(lambda a: a.sin().sum(), x, outer_jacobian_strategy='forward-mode')):
    try: print(c())
    except Exception as e: print(type(e).__name__, e)
print(torch.func.hessian(torch.norm)(torch.zeros(2)))
print(torch.func.jacfwd(lambda t: torch.stack([t.sum(), (t * t).sum(), t[0]]))(x), torch.func.jacrev(torch.sin)(x))
relu = torch.relu
z = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
(g,) = torch.autograd.grad(relu(z).sum(), z, create_graph=True)
print(g.requires_grad, g.grad_fn.name())
((g.norm() - 1) ** 2).backward()
print(z.grad)

# the parts by all inputs are computed together: where one depends on something around, all are differentiable
y = torch.tensor(3.0, requires_grad=True)
pair = (torch.tensor([1.0, 2.0]), y)
print(torch.autograd.functional.jacobian(lambda a, b: (a * b, b), pair, vectorize=True, strategy="forward-mode"))
print(
    torch.autograd.functional.hessian(
        lambda a, b: (a * a * b).sum(), pair, vectorize=True, outer_jacobian_strategy="forward-mode"
    )
)
