import torch

a = torch.arange(3).reshape(3, 1)
b = torch.arange(2).reshape(1, 2)
print(a + b)
print((torch.ones(4, 1, 3) * torch.ones(2, 1)).shape)
print(torch.broadcast_tensors(a, b)[0])
print(torch.broadcast_shapes((3, 1), (1, 4), (5, 1, 1)))
x = torch.ones(2, 3, requires_grad=True)
y = torch.ones(3, requires_grad=True)
z = torch.tensor(2., requires_grad=True)
(x * y * z).sum().backward()
print(x.grad, y.grad, z.grad)
for shapes in [((2, 3), (3,)), ((2, 3), (2,)), ((1,), ()), ((0, 3), (1, 3))]:
    try:
        print(shapes, '->', tuple((torch.zeros(shapes[0]) + torch.zeros(shapes[1])).shape))
    except RuntimeError as e:
        print(shapes, '->', e)
