import torch

x = torch.tensor([1., 2.], requires_grad=True)
y = x * x
print(x.grad, x.grad_fn, x.is_leaf, y.is_leaf, y.requires_grad, x.requires_grad, x._version, y.output_nr)
y.sum().backward(); print(x.grad, x.grad.requires_grad, id(x.grad) == id(x.grad))
g = x.grad; (x * 3).sum().backward(); print(g, g is x.grad)
x.grad = None; (x ** 3).sum().backward(create_graph=False); print(x.grad)
x.grad = torch.tensor([10., 10.]); x.sum().backward(); print(x.grad)
x.grad.detach_().zero_(); print(x.grad)
with torch.no_grad():
    z = x * 2
    x.mul_(2)
print(z.requires_grad, x, x.requires_grad)
x.requires_grad_(False); print(x, (x * 2).requires_grad); x.requires_grad = True; print(x)
a = torch.ones(2, requires_grad=True); b = a.detach(); b.requires_grad_(); (a * b).sum().backward(); print(a.grad, b.grad)
c = torch.ones(2); c.requires_grad = True; d = c.clone(); d[0] = 5; print(d, c); d.backward(torch.tensor([1., 2.])); print(c.grad)
for t in (torch.ones(1), torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True) + 1, torch.tensor([1])):
    print(t.requires_grad, t.is_leaf, t.grad_fn is None)
e = torch.tensor(2., requires_grad=True); f = e ** 2; f.backward(torch.tensor(3.)); print(e.grad); f = e ** 2; f.backward(gradient=torch.tensor(0.5)); print(e.grad)
h = [torch.tensor(float(i), requires_grad=True) for i in range(3)]; torch.stack(h).pow(2).sum().backward(); print([t.grad for t in h])
print(torch.autograd.grad((x ** 2).sum(), x)[0], torch.autograd.functional.jacobian(lambda t: t ** 2, x.detach()))
