import torch

_ = torch.manual_seed(0)

x = torch.ones(2, 2, requires_grad=True)
print(x)

y = x + 2
print(y)
print(x.backward)

z = y * y * 3
out = z.mean()

print(z, out)

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

import numpy as np

# 현재 실습하고 있는 파이썬 코드를 재실행해도 다음에도 같은 결과가 나오도록 랜덤 시드(random seed)를 줍니다.
torch.manual_seed(0)

x = torch.ones(2, 2, requires_grad=True)
print(x)

y = x + 2
print(y)
print(x.backward)

z = y * y * 3
out = z.mean()

print(z, out)

a = torch.randn(2, 2)
print(a)
print(a*3)
print(a-1)
a = ((a * 3) / (a - 1))
print(a) #elementwise

print(4.6230/0.5410)
print(-0.8803/-1.2934)

print(a.requires_grad) # 기본값이 False 기때문에
a.requires_grad_(True) #a에 저장하게 함
print(a.requires_grad)
b = (a * a).sum()
print(b)
print(b.grad_fn)

x = torch.ones(2, 2, requires_grad=True)
print(x)

y = x + 2
print(y)
print(x.backward)

z = y * y * 3
out = z.mean() 

print(z, out)

out.backward() # 첫 변수까지의

print(x.grad)
print(y.grad)
print(z.grad)
#z=3(x+2)^2=3x^2+12x+12
#dz/dx = 6x+12
#dout/dx = dout/dz *dz/dy *dy/dx
#dout/dx의 size = (2,2) 가 될거야 
#dout/dx1= dout/dz1 *dz1/dy1 *dy1/dx1
        #= 1/4 * 6y1 * 1
        #= 1/4 * 6*3 * 1
        # 4.5

torch.manual_seed(0)
x = torch.randn(3, requires_grad=True)
print('------------------x-------------------')
print(f'x=\n{x}')

y = x * 2

print('------------------y-------------------')
print(f'y=\n{y}')
print(y.data.norm()) # 벡터의 크기 sqrt(sum(squared))
print(4*x.data.norm()) # y=2x ㅣyㅣ=sqrt(4x^2)=2ㅣxㅣ
while y.data.norm() < 1000:
    y = y * 2
print('-------after y norm--------------')
print(f'y=\n{y}')

original=torch.tensor([1,1,1],dtype=torch.long)
gradients = torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float)
# x에 대한 y의 미분값에 gradients 내 원소들이 
# elementwise로 곱해짐
# y.backward() 이건 y가 scalar 값일 때 가능
# jacobian 형태를 유지하려면 저렇게 [1,1,1]을 y.backward([1,1,1]) 해줘야함
y.backward(original)
print(f'x.grad=\n{x.grad}')

torch.manual_seed(0)
x = torch.randn(3, requires_grad=True)
print('------------------x-------------------')
print(f'x=\n{x}')

y = x * 2

print('------------------y-------------------')
print(f'y=\n{y}')
print(y.data.norm()) # 벡터의 크기 sqrt(sum(squared))
print(4*x.data.norm()) # y=2x ㅣyㅣ=sqrt(4x^2)=2ㅣxㅣ
while y.data.norm() < 1000:
    y = y * 2
print('-------after y norm--------------')
print(f'y=\n{y}')

y.backward(gradients)
print(f'x.grad=\n{x.grad}')

print(x.requires_grad)
print((x ** 2).requires_grad)

with torch.no_grad():
	print((x ** 2).requires_grad)

from torch.autograd import Variable
a=torch.rand(5)
a=Variable(a,requires_grad=True)
b=a+2
b.requires_grad_(True)

c=b**(1/2)
c.requires_grad_(True) 

out=c.sum()
out.requires_grad_(True)

#b.backward() :grad can be implicitly created 
              #only for scalar outputs
#중간 과정의 미분값은 requires_grad_(True)를 해줘야
             #할수 있음
out.backward() #out을 가지고 a까지의 미분값을 구한다는 거야

print('--------------a----------------')
print(a.data)
print(a.grad)
print(a.grad_fn)

print('--------------b----------------')
print(b)
print(b.data)
print(b.grad)
print(b.grad_fn)

print('--------------c----------------')
print(c)
print(c.data)
print(c.grad)
print(c.grad_fn)

print('--------------out----------------')
print(out)
print(out.data)
print(out.grad)
print(out.grad_fn)
