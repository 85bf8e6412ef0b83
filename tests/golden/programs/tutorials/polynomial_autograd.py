import torch
import math

torch.set_default_device("cpu")
x = torch.linspace(-1, 1, 100, dtype=torch.float)
y = torch.exp(x)

a = torch.tensor(0.2, requires_grad=True)
b = torch.tensor(-0.4, requires_grad=True)
c = torch.tensor(0.6, requires_grad=True)
initial_loss = 1.0
learning_rate = 1e-3
for t in range(400):
    y_pred = a + b * x + c * x ** 2
    loss = (y_pred - y).pow(2).sum()
    if t == 0:
        initial_loss = loss.item()
    if t % 100 == 99:
        print(f'Iteration t = {t:4d}  loss(t)/loss(0) = {round(loss.item()/initial_loss, 4):8.4f}')
    loss.backward()
    with torch.no_grad():
        a -= learning_rate * a.grad
        b -= learning_rate * b.grad
        c -= learning_rate * c.grad
        a.grad = None
        b.grad = None
        c.grad = None
print(f'Result: y = {a.item():.3f} + {b.item():.3f} x + {c.item():.3f} x^2')
print(a, b.requires_grad, c.grad)
print(math.isclose(a.item(), 1.0, abs_tol=0.1))
