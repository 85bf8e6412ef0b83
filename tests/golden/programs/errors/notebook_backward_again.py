import torch

x = torch.tensor([[1, 2, 3, 4]], dtype=torch.float32, requires_grad=True)
xx = x**2
xx2 = xx*2
xx2.backward(gradient=torch.tensor([[1, 0, 0, 0]]))
print(x.grad)
x.grad.data.zero_()
xx2.backward(gradient=torch.tensor([[0, 1, 0, 0]]))
print(x.grad)
