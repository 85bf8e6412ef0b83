"""Tensors from lists of arrays, the classes of tensors by dtype, and sizes that can't be."""

import numpy as np
import torch

rows = [np.eye(3)[i] for i in (0, 2)]
print(torch.tensor(rows), torch.as_tensor(rows).dtype)
print(torch.FloatTensor(rows), torch.FloatTensor([rows, rows]).shape)
print(torch.LongTensor([np.array([1, 2]), np.array([3, 4])]))
print(torch.tensor([[1, 2], np.ones(2)]), torch.tensor([np.ones(2), [1, 2]]))
print(torch.tensor([np.ones(2, dtype=np.int32), np.ones(2)]).dtype)
for build in (
    lambda: torch.tensor([np.eye(2), np.eye(3)]),
    lambda: torch.tensor([np.ones(2), 3.0]),
    lambda: torch.tensor([torch.ones(2)]),
):
    try:
        print(build())
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)

x = torch.ones(2)
print(isinstance(x, torch.FloatTensor), isinstance(x, torch.DoubleTensor), torch.FloatTensor)
print(isinstance(x.long(), (torch.LongTensor, torch.IntTensor)), isinstance(3, torch.LongTensor))
print(isinstance(x, torch.cuda.FloatTensor), torch.cuda.FloatTensor)

for sizes in ((2, 3, -4), (-2, 3, 1), (1, -2, 1), (-1, 1, 3, 1), (-1, -1, -1)):
    try:
        print(torch.ones(1, 3, 1).expand(*sizes).shape)
    except RuntimeError as error:
        print(error)

y = torch.ones(2, requires_grad=True) * 2
for divide in (lambda: y.floor_divide_(2), lambda: y.clone().detach().requires_grad_() // 2):
    try:
        divide().sum().backward()
    except RuntimeError as error:
        print(error)
