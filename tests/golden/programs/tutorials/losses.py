import torch
from torch import nn
import torch.nn.functional as F

p = torch.tensor([0.2, 0.7, 0.9], requires_grad=True)
t = torch.tensor([0., 1., 1.])
for loss in (nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss(), nn.HuberLoss(delta=0.5), nn.BCELoss(), nn.BCEWithLogitsLoss()):
    value = loss(p, t)
    grad, = torch.autograd.grad(value, p)
    print(loss, value, grad, sep='\n  ')
print(nn.MSELoss(reduction='none')(p, t), nn.MSELoss(reduction='sum')(p, t))
logits = torch.tensor([[1., 2., 0.5], [0.1, 0.2, 3.]], requires_grad=True)
target = torch.tensor([1, 2])
print(F.cross_entropy(logits, target), F.nll_loss(F.log_softmax(logits, 1), target))
print(F.cross_entropy(logits, target, weight=torch.tensor([1., 2., 3.]), reduction='sum'))
print(F.cross_entropy(logits, target, label_smoothing=0.1))
print(F.cross_entropy(logits, torch.tensor([1, -100])))
print(F.cross_entropy(logits, torch.tensor([[0.5, 0.5, 0.], [0., 0., 1.]])))
print(F.kl_div(F.log_softmax(logits, 1), F.softmax(torch.ones(2, 3), 1), reduction='batchmean'))
print(F.hinge_embedding_loss(p, torch.tensor([1., -1., 1.])), F.cosine_similarity(p, t, dim=0))
