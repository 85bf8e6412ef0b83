import torch

# y = 2x + 1, gradients by the chain rule on paper
xs = torch.tensor([1., 2., 3., 4.])
ys = 2 * xs + 1
w, b = 0.0, 0.0
for epoch in range(1, 201):
    err = w * xs + b - ys
    dw = (2 * err * xs).mean().item()
    db = (2 * err).mean().item()
    w -= 0.05 * dw
    b -= 0.05 * db
    if epoch % 50 == 0:
        print("epoch %3d: w = %.3f, b = %.3f, loss = %.5f" % (epoch, w, b, (err ** 2).mean()))
print('prediction after training: f(5) = {:.3f}'.format(w * 5 + b))
