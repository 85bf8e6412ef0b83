"""Transposed convolutions, pools, margins, other sizes, channels as places: values and gradients."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)


def run(module, *xs):
    print("==", module)
    try:
        out = module(*xs)
        first = out if isinstance(out, torch.Tensor) else out[0]
        print(
            first.shape, first.grad_fn.name(), [round(v, 4) for v in first.flatten()[:6].tolist()]
        )
        weights = torch.linspace(-1, 1.7, first.numel()).reshape(first.shape)
        (first * weights).sum().backward()
        for name, p in module.named_parameters():
            print(name, p.shape, [round(v, 4) for v in p.grad.flatten()[:5].tolist()])
        for x in xs:
            if isinstance(x, torch.Tensor) and x.requires_grad:
                print([round(v, 4) for v in x.grad.flatten()[:8].tolist()])
                x.grad = None
    except Exception as e:
        print(type(e).__name__, e)


x3 = torch.randn(2, 4, 7, requires_grad=True)
x4 = torch.randn(2, 4, 6, 5, requires_grad=True)
x5 = torch.randn(1, 2, 5, 4, 6, requires_grad=True)
for module, x in (
    (nn.ConvTranspose1d(4, 2, 3, stride=2, padding=1, output_padding=1), x3),
    (nn.ConvTranspose2d(4, 6, (3, 2), 2, groups=2, bias=False), x4),
    (nn.ConvTranspose2d(4, 2, 3, dilation=2), x4[0].detach().requires_grad_()),
    (nn.ConvTranspose3d(2, 3, 2, stride=(1, 2, 1)), x5),
    (nn.Conv3d(2, 4, (2, 1, 3), padding=(1, 0, 1), groups=2), x5),
    (nn.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"), x4),
    (nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular"), x4),
    (nn.MaxPool1d(3, 2, ceil_mode=True), x3),
    (nn.MaxPool2d((2, 3), 2, 1, ceil_mode=True), x4),
    (nn.MaxPool3d(2, ceil_mode=True), x5),
    (nn.AvgPool1d(3, 2, ceil_mode=True), x3),
    (nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), x4),
    (nn.AvgPool2d(3, 2, divisor_override=4), x4),
    (nn.AvgPool3d(2, 2, 1), x5),
    (nn.LPPool1d(2, 3, 2), x3),
    (nn.LPPool2d(2, 3, ceil_mode=True), x4),
    (nn.AdaptiveAvgPool3d((2, None, 1)), x5),
    (nn.AdaptiveMaxPool1d(3), x3),
    (nn.AdaptiveMaxPool2d((2, 3)), x4),
    (nn.AdaptiveMaxPool3d(2), x5),
    (nn.FractionalMaxPool2d(2, output_size=(3, 2)), x4),
    (nn.FractionalMaxPool3d(2, output_ratio=0.5), x5),
    (nn.ReflectionPad1d(2), x3),
    (nn.ReflectionPad2d((1, 2, 0, 3)), x4),
    (nn.ReflectionPad3d(1), x5),
    (nn.ReplicationPad2d((1, 0, -1, 2)), x4),
    (nn.CircularPad2d(1), x4),
    (nn.ConstantPad1d(1, 2.5), x3),
    (nn.ZeroPad2d(1), x4),
    (nn.Upsample(scale_factor=1.5, mode="bilinear"), x4),
    (nn.Upsample(size=(9, 4), mode="bicubic", align_corners=True), x4),
    (nn.Upsample(size=11, mode="linear"), x3),
    (nn.Upsample(scale_factor=2, mode="trilinear"), x5),
    (nn.UpsamplingBilinear2d(scale_factor=2), x4),
    (nn.UpsamplingNearest2d(size=(3, 7)), x4),
    (nn.PixelShuffle(2), x4),
    (nn.PixelUnshuffle(2), x4[..., :4].detach().requires_grad_()),
    (nn.ChannelShuffle(2), x4),
    (nn.Unfold(2, stride=2), x4),
    (nn.Fold((4, 4), 2, stride=2), x3[:, :, :4].detach().requires_grad_()),
):
    run(module, x)

for mode, size in (("nearest", 3), ("nearest-exact", (8, 3)), ("area", (4, 2)), ("bicubic", 9)):
    print(mode, F.interpolate(x4, size=size, mode=mode).sum((0, 1)))
print(F.interpolate(x4, size=(3, 8), mode="bilinear", antialias=True)[0, 0])
print(F.interpolate(x4, size=(3, 8), mode="bicubic", antialias=True)[0, 0])
for pool, unpool, x in (
    (nn.MaxPool1d(2, return_indices=True), nn.MaxUnpool1d(2), x3[:1]),
    (nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2), x4[:1]),
    (nn.MaxPool3d(2, return_indices=True), nn.MaxUnpool3d(2), x5[:1]),
):
    values, index = pool(x)
    back = unpool(values, index, output_size=x.shape)
    print(unpool, index.flatten()[:6], back.shape, back.grad_fn.name(), back.sum() - values.sum())
print(nn.ConvTranspose2d(4, 2, 3, stride=2)(x4, output_size=(14, 12)).shape)
for wrong in (
    lambda: F.pad(x4, (9, 1, 1, 1), mode="reflect"),
    lambda: F.pad(x4, (1, 1), mode="replicate"),
    lambda: F.pad(x4, (1, 1, 1, 1), mode="mirror"),
    lambda: F.interpolate(x4, size=3, mode="linear"),
    lambda: F.interpolate(x4, size=(3,), mode="bilinear"),
    lambda: F.interpolate(x4, size=(0, 2), mode="bilinear"),
    lambda: F.interpolate(x4),
    lambda: F.pixel_shuffle(x4, 3),
    lambda: F.conv_transpose2d(x4, torch.ones(3, 2, 2, 2)),
    lambda: F.conv_transpose2d(x4, torch.ones(4, 2, 2, 2), torch.ones(3)),
    lambda: F.conv_transpose2d(x4, torch.ones(4, 2, 2, 2), output_padding=1),
    lambda: F.max_unpool2d(x4, x4.long() * 0 + 500, 2),
    lambda: F.adaptive_max_pool2d(x4[0, 0], 2),
    lambda: F.avg_pool3d(x5, 9),
    lambda: F.fractional_max_pool2d(x4, 2, output_size=6),
    lambda: nn.ConvTranspose2d(4, 2, 3, padding_mode="reflect"),
    lambda: nn.FractionalMaxPool2d(2),
):
    try:
        wrong()
    except Exception as e:
        print(type(e).__name__, e)
