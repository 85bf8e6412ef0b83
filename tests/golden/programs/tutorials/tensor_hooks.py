import torch

v = torch.tensor([0., 0., 0.], requires_grad=True)
h = v.register_hook(lambda grad: grad * 2)
v.backward(torch.tensor([1., 2., 3.]))
print(v.grad)
h.remove()
v.grad = None
v.backward(torch.tensor([1., 2., 3.]))
print(v.grad)

seen = {}


def save(name):
    def hook(grad):
        seen[name] = grad
    return hook


x = torch.tensor(2., requires_grad=True)
y = x ** 2
z = y * 3
y.register_hook(save('y'))
z.register_hook(save('z'))
z.backward()
print(seen)
print(x.grad)
x.grad = None
y = x * 5
y.register_hook(lambda g: g.clamp(max=0.5))
y.register_hook(print)
y.backward()
print(x.grad)
