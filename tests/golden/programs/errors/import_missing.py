import torch

print("torch is here")
import torchh
