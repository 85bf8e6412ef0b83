import torch

torch.manual_seed(2)
points = torch.cat([torch.randn(10, 2) * 0.3 + torch.tensor(c) for c in ([0., 0.], [3., 3.], [0., 4.])])
centroids = points[[0, 10, 20]].clone()
for it in range(10):
    distances = torch.cdist(points, centroids)
    assignment = distances.argmin(dim=1)
    new = torch.stack([points[assignment == k].mean(dim=0) for k in range(3)])
    shift = (new - centroids).norm()
    centroids = new
    print(it, assignment.bincount().tolist(), shift < 1e-4)
    if shift < 1e-4:
        break
print(centroids)
print(distances.shape, distances.min(dim=1).values[:3], distances.min(1)[1][:3])
manual = ((points[:, None, :] - centroids[None]) ** 2).sum(-1).sqrt()
print(torch.allclose(manual, distances, atol=1e-4))
print(assignment.unique(return_counts=True))
