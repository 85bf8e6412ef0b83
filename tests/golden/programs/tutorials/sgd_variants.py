import torch


def run(**options):
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    opt = torch.optim.SGD([w], **options)
    for _ in range(3):
        opt.zero_grad()
        (w ** 2 * torch.tensor([1.0, 0.5])).sum().backward()
        opt.step()
    return w.detach(), opt


for options in [
    dict(lr=0.1),
    dict(lr=0.1, momentum=0.9),
    dict(lr=0.1, momentum=0.9, nesterov=True),
    dict(lr=0.1, momentum=0.9, dampening=0.5),
    dict(lr=0.1, weight_decay=0.01),
    dict(lr=0.1, maximize=True),
]:
    w, opt = run(**options)
    print(options, w)
print(opt)
w, opt = run(lr=0.1, momentum=0.9)
for p, state in opt.state.items():
    print(p, state)
print(opt.state_dict())
try:
    run(lr=0.1, nesterov=True)
except ValueError as e:
    print(e)
