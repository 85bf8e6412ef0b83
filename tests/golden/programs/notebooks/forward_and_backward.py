import torch

_ = torch.manual_seed(0)

import torch

scalar_tensor = torch.tensor(5) # 스칼라 텐서
vector_tensor = torch.tensor([1,2,3,4]) # 벡터 텐서
matrix_tensor = torch.tensor([[1, 2, 3], [4, 5, 6]]) # 행렬 텐서
tensor_3d = torch.tensor([[[1, 2, 3], [4, 5, 6]],
                          [[7, 8, 9], [10, 11, 12]]]) # 3D 텐서
tensor_ones = torch.ones(2, 3) # 2x3, 1로 초기화, 행렬 텐서
tensor_zeros = torch.zeros(2, 3) # 2x3, 0으로 초기화, 행렬 텐서
tensor_random = torch.randn(2, 3) # 2x3, 정규분포를 따르는 랜덤 값으로 초기화, 행렬 텐서
tensor_arange = torch.arange(0, 10) # [0~9]
tensor_linspace = torch.linspace(0, 1, steps=5) # [0.0, 0.25, 0.5, 0.75, 1.0]

x = torch.ones(5)
y = torch.zeros(3)
w = torch.randn(5, 3, requires_grad=True)
b = torch.randn(3, requires_grad=True)
z = torch.matmul(x, w) + b # 1x5 dot 5x3 => 1x3 + 1x3 => 1x3
loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)

print("x:", x, type(x))
print("y:", y, type(y))
print("w:", w, type(w))
print("b:", b, type(b))
print("z:", z, type(z))
print("\ttorch.matmul:", torch.matmul, type(torch.matmul))
print("\tz.grad_fn:", z.grad_fn)
print("\tz.grad:", z.grad)
print("loss:", loss, type(loss))

"""
역전파 계산

성능상 이유로 backward는 한 번만 수행되는데 (수행 후 연산그래프가 삭제됨)
retain_graph를 True로 설정하면 여러번 수행할 수 있다.
"""
loss.backward(retain_graph=True)

print("w.grad:", w.grad)
print("b.grad:", b.grad)
print("x.requires_grad:", x.requires_grad) # False
print("y.requires_grad:", y.requires_grad) # False
print("w.requires_grad:", w.requires_grad) # True
print("b.requires_grad:", b.requires_grad) # True
print("z.requires_grad:", z.requires_grad) # True
print("loss.requires_grad:", loss.requires_grad) # True

"""
컨텍스트 매니저를 사용하여
텐서를 기울기 연산에서 제외하기.
"""
with torch.no_grad():
	z = torch.matmul(x, w) + b
print(z.requires_grad)

"""
detach()를 사용하여 텐서를 기울기 연산에서 제외하기.
"""
z = torch.matmul(x, w) + b
z_det = z.detach()
print(z_det.requires_grad)
