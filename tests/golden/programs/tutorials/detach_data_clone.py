import torch

x = torch.tensor([1., 2., 3.], requires_grad=True)
d, c, n = x.detach(), x.clone(), x.data
print(d, c, n, sep='\n')
print(d.requires_grad, c.requires_grad, n.requires_grad)
print(d.data_ptr() == x.data_ptr(), c.data_ptr() == x.data_ptr())
d[0] = 10.
print(x)
n.mul_(2)
print(x)
print(c)
c.sum().backward()
print(x.grad)
y = x.clone().detach().requires_grad_(True)
y.prod().backward()
print(y.grad, y.is_leaf)
z = x.detach_() if x.is_leaf else None
print(z.requires_grad, z is x)
