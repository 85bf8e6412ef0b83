import torch

torch.manual_seed(5)
x = torch.linspace(-2, 2, 40)
y = x ** 2 + 0.1 * torch.randn(40)
train, val = (x[::2], y[::2]), (x[1::2], y[1::2])
theta = torch.zeros(3, requires_grad=True)


def predict(theta, x):
    return theta[0] + theta[1] * x + theta[2] * x ** 2


best, patience, bad, best_theta = float('inf'), 3, 0, None
for epoch in range(1000):
    loss = ((predict(theta, train[0]) - train[1]) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        theta -= 0.05 * theta.grad
        theta.grad.zero_()
        val_loss = ((predict(theta, val[0]) - val[1]) ** 2).mean().item()
    if val_loss < best - 1e-4:
        best, bad, best_theta = val_loss, 0, theta.detach().clone()
    else:
        bad += 1
        if bad >= patience:
            print('stopped at', epoch)
            break
else:
    print('ran to the end')
print(f'best {best:.4f}', best_theta.shape)
print([round(v, 1) for v in best_theta.tolist()])
