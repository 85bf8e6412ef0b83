import torch

_ = torch.manual_seed(0)

import torch

x = torch.arange(4.0)
x

x.requires_grad_(True)
x

x.grad

y = 2 * torch.dot(x, x)
y

y = 2 * x@x  # 2 * torch.dot(x, x)랑 똑같음
y

y.backward()

x.grad  # 4x 나와야 함

x.grad.zero_()
y = x.sum()
y.backward()
x.grad

# J_ij = y_i를 x_j로 미분한 값
# PyTorch에서는 이걸 그대로 계산하는게 아님
# v^T와 J를 곱한 값을 계산함
# 이 v를 gradient라 함
# x: (n)
# y: (m)
# J: (m, n)
# v: (m)

x.grad.zero_()

y = x * x  # elementwise
y

# y = (x_1**2, x_2**2, x_3**2, x_4**2)
# J_ij = y_i를 x_j로 미분한 값 = 2*x_j
# J = 2 * [x_1 0 0 0]
#         [0 x_2 0 0] 
#         [0 0 x_3 0] 
#         [0 0 0 x_4] 
# v = [1, 1, 1, 1]^T
# v^T@J = 2*[x_1, x_2, x_3, x_4]

v = torch.ones(len(y))
y.backward(gradient=v)
x.grad

x.grad.zero_()
x

y = x * x
y

u = y.detach()
u

z = u * x
z

z.sum().backward()  # 오로지 x에 대해서만 계산됨
                    # z = u *  (z 입장에서 u는 상수이고 x만 변수임)

u == x.grad

x.grad.zero_()
y.sum().backward()
x.grad

def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c

a = torch.randn(size=(), requires_grad=True)  # N(0, 1)에서 랜덤하게 한 개 뽑아라
print(a)                                      # requires_grad=True니까 a로 뭔가를 미분할 수 있음

d = f(a)
d.backward()  # d를 a로 미분해라
a.grad        # d를 a로 미분한 값이다

x = torch.tensor(1., requires_grad=True)  # x로 뭔가를 미분할 것이다
x

y = x**2
y

y.backward()  # gradient에 1 넣은거랑 똑같음

x.grad  # 2x가 나와야 함

x = torch.tensor(1., requires_grad=True)  # x로 뭔가를 미분할 것이다
y = x**2
y.backward(gradient=torch.tensor(100.))

x.grad

x = torch.tensor([1., 2.], requires_grad=True)  # x로 뭔가를 미분할 것이다
y = sum(x)
y.backward()
x.grad  # [1, 1] 나와야 함

x = torch.tensor([1., 2.], requires_grad=True)  # x로 뭔가를 미분할 것이다
y = sum(x)
y.backward(gradient=torch.tensor(100.))
x.grad  # [100, 100] 나와야 함

x = torch.tensor([1., 2.], requires_grad=True)  # x로 뭔가를 미분할 것이다
y = 3*x**2
# Jacobian
# y = [3*x1**2, 3*x2**2]
# J_ij = yi를 xj로 미분한 값
# J: [[6*x_1, 0, 0, 6*x_2]]
y.backward(torch.tensor([1., 1.]))
x.grad  # [6, 12] 나와야 함
