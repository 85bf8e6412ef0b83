import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LambdaLR, MultiStepLR, StepLR


def lrs(make, steps=6):
    w = torch.zeros(1, requires_grad=True)
    opt = torch.optim.SGD([w], lr=1.0)
    scheduler = make(opt)
    out = []
    for _ in range(steps):
        out.append(round(opt.param_groups[0]['lr'], 5))
        opt.step()
        scheduler.step()
    return out, scheduler.get_last_lr()


print(lrs(lambda o: StepLR(o, step_size=2, gamma=0.1)))
print(lrs(lambda o: ExponentialLR(o, gamma=0.5)))
print(lrs(lambda o: MultiStepLR(o, milestones=[1, 4], gamma=0.5)))
print(lrs(lambda o: LambdaLR(o, lambda epoch: 1 / (epoch + 1))))
print(lrs(lambda o: CosineAnnealingLR(o, T_max=6)))
w = torch.zeros(1, requires_grad=True)
opt = torch.optim.SGD([w], lr=0.5, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=1)
for metric in [1.0, 1.0, 1.0, 1.0, 0.5]:
    scheduler.step(metric)
    print(opt.param_groups[0]['lr'], end=' ')
print()
