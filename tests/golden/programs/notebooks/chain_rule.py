import torch

_ = torch.manual_seed(0)

# Settings
import torch

# Make input x
x = torch.randn(3,3, requires_grad=True)
print(x)

# Make function g
g = 2*(x**3)
print(g)
print(g.grad_fn)

z = g/12
try:
    z.backward()
except RuntimeError as error:
    print(f'RuntimeError: {error}')

z = g.sum()/12
print(z)

z.backward()
print(x.grad)
print( (x**2)/2 )

import torch
x = torch.tensor( [[1,2,3,4]], dtype=torch.float32, requires_grad=True)
print(x)

xx = x**2
print(xx)

xx2 = xx*2
print(xx2)

xx2.backward( gradient = torch.tensor( [[1,0,0,0]] ), retain_graph=True )
x.grad

x.grad.data.zero_() # gradient가 누적되므로 초기화!

xx2.backward( gradient = torch.tensor( [[0,1,0,0]] ) )
x.grad

try:
    xx2.backward( gradient = torch.tensor( [[0,0,1,0]] ) )
except RuntimeError as error:
    print(error)
x.grad
