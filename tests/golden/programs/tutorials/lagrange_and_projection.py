import torch

# closest point on the unit circle, by projected gradient descent
target = torch.tensor([2.0, 1.0])
x = torch.tensor([0.0, 1.0], requires_grad=True)
for i in range(50):
    loss = torch.sum((x - target) ** 2)
    loss.backward()
    with torch.no_grad():
        x.sub_(0.1 * x.grad).div_(x.norm())
        x.grad.zero_()
print(x)
print(torch.nn.functional.normalize(target, dim=0))

# a penalty method for min x + y with x^2 + y^2 = 1
p = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
for mu in [1.0, 10.0, 100.0]:
    opt = torch.optim.SGD([p], lr=0.02 / mu)
    for _ in range(300):
        opt.zero_grad()
        violation = p.pow(2).sum() - 1
        (p.sum() + mu * violation.square()).backward()
        opt.step()
    print(f'mu={mu:>6} p=({p[0]:.3f}, {p[1]:.3f}) violation={violation.item():.4f}')
