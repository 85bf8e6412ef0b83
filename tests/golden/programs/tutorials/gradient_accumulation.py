import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
for i in range(3):
    loss = (w * (i + 1)).sum()
    loss.backward()
    print(i, w.grad)
w.grad.zero_()
print(w.grad)
w.grad = None
print(w.grad)

# accumulate four micro-batches, then step
torch.manual_seed(0)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data = torch.randn(8, 3)
target = data.sum(1, keepdim=True)
optimizer.zero_grad()
for i in range(4):
    xb, yb = data[2 * i:2 * i + 2], target[2 * i:2 * i + 2]
    loss = torch.nn.functional.mse_loss(model(xb), yb) / 4
    loss.backward()
accumulated = model.weight.grad.clone()
optimizer.zero_grad()
print(model.weight.grad)
torch.nn.functional.mse_loss(model(data), target).backward()
print(torch.allclose(accumulated, model.weight.grad, atol=1e-6))
