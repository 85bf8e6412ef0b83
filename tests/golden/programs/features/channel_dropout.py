import torch
import torch.nn.functional as F
x3 = torch.arange(24.).reshape(2, 3, 4); x4 = torch.arange(48.).reshape(2, 3, 2, 4).requires_grad_()
for f, x in ((F.dropout1d, x3), (F.dropout1d, x3[0]), (F.dropout2d, x4), (F.dropout2d, x3), (F.dropout, x4)):
    torch.manual_seed(3); print(f(x, 0.4))
torch.manual_seed(3); y = F.alpha_dropout(x4, 0.3, True); print(y); y.sum().backward(); print(x4.grad)
for n in (1, 2, 3, 5): print(F.adaptive_avg_pool1d(x3.requires_grad_(), n))
m = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.Dropout2d(0.5), torch.nn.AlphaDropout(0.2)); torch.manual_seed(0)
print(m(x4).shape, torch.nn.AdaptiveAvgPool1d(2)(x3), torch.nn.Dropout1d()(x3)); print(m.eval()(x4).shape)
