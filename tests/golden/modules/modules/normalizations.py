"""Normalizations, dropouts and noise of images: shown, values, gradients, running statistics, errors."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(2)


def run(module, x):
    print("==", module)
    try:
        out = module(x)
        print(out.shape, out.grad_fn.name(), [round(v, 4) for v in out.flatten()[:6].tolist()])
        (out * torch.linspace(-1, 1.7, out.numel()).reshape(out.shape)).sum().backward()
        print([round(v, 4) + 0.0 for v in x.grad.flatten()[:8].tolist()])
        x.grad = None
        for name, p in module.named_parameters():
            print(name, [round(v, 4) for v in p.grad.flatten()[:5].tolist()])
        for name, b in module.named_buffers():
            print(name, b)
    except Exception as e:
        print(type(e).__name__, e)


x2 = torch.randn(3, 4, requires_grad=True)
x3 = torch.randn(2, 4, 7, requires_grad=True)
x4 = torch.randn(2, 4, 3, 5, requires_grad=True)
x5 = torch.randn(2, 2, 3, 2, 4, requires_grad=True)
for module, x in (
    (nn.InstanceNorm1d(4), x3),
    (nn.InstanceNorm1d(4, affine=True), x2),
    (nn.InstanceNorm2d(4, affine=True, track_running_stats=True), x4),
    (nn.InstanceNorm2d(4, track_running_stats=True).eval(), x4),
    (nn.InstanceNorm3d(2), x5),
    (nn.InstanceNorm1d(3), x3),
    (nn.InstanceNorm1d(3, affine=True), x3),
    (nn.InstanceNorm2d(4), x2),
    (nn.BatchNorm3d(2), x5),
    (nn.RMSNorm(4), x2),
    (nn.RMSNorm([4, 7], eps=1e-3, elementwise_affine=False), x3),
    (nn.RMSNorm(3), x2),
    (nn.LocalResponseNorm(3), x3),
    (nn.LocalResponseNorm(2, alpha=0.1), x4),
    (nn.LocalResponseNorm(2, beta=0.5, k=2.0), x5),
    (nn.LocalResponseNorm(2), x2),
    (nn.Dropout3d(0.5), x5),
    (nn.Dropout3d(0.5), x4),
    (nn.FeatureAlphaDropout(0.4), x4),
    (nn.FeatureAlphaDropout(0.4).eval(), x4),
):
    run(module, x)
for options in ({}, {"tau": 0.5}, {"hard": True}, {"dim": 0}, {"hard": True, "dim": 0}):
    y = F.gumbel_softmax(x2, **options)
    (y * torch.arange(12.0).view(3, 4)).sum().backward()
    print(y.grad_fn.name(), y.detach(), x2.grad)
    x2.grad = None
