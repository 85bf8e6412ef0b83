import torch


def rosenbrock(xy):
    x, y = xy
    return (1 - x) ** 2 + 100 * (y - x ** 2) ** 2


def run(make, steps, **kwargs):
    xy = torch.tensor((-1.5, 2.0), dtype=torch.float64, requires_grad=True)
    optimizer = make([xy], **kwargs)
    path = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = rosenbrock(xy)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([xy], 1.0)
        optimizer.step()
        if step % (steps // 4) == 0:
            path.append(round(loss.item(), 4))
    return path, xy


path, xy = run(torch.optim.Adam, 200, lr=0.05)
print('Adam', path, xy)
path, xy = run(torch.optim.SGD, 200, lr=0.01, momentum=0.5)
print('SGD', path, xy.detach())
print(rosenbrock(torch.tensor([1.0, 1.0])))
