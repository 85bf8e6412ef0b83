import torch

# the launch speed that reaches a target, through an Euler integration
v0 = torch.tensor([4.0, 5.0], requires_grad=True)
g = torch.tensor([0.0, -9.81])
dt, target = 0.05, torch.tensor([6.0, 0.0])


def simulate(v0):
    pos, vel = torch.zeros(2), v0
    trace = [pos]
    while len(trace) < 21:
        vel = vel + g * dt
        pos = pos + vel * dt
        trace.append(pos)
    return torch.stack(trace)


for it in range(30):
    miss = (simulate(v0)[-1] - target).pow(2).sum()
    miss.backward()
    with torch.no_grad():
        v0 -= 0.2 * v0.grad
        v0.grad.zero_()
    if it % 10 == 0:
        print(f'{it:2d}: miss {miss.item():9.5f} v0 {[round(v, 3) for v in v0.tolist()]}')
path = simulate(v0).detach()
print(path.shape, path[:, 1].max(), path[:, 1].argmax())
print(path[1:-1:6])
