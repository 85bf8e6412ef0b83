import numpy as np
import torch
A = np.array([[2., 1.], [1., 3.]])
print(np.linalg.inv(A), np.linalg.det(A), np.linalg.solve(A, np.array([1., 2.])), np.linalg.norm(A), np.linalg.eigh(A)[0], np.linalg.eigh(A))
print(A.shape, A.ndim, A.size, A.T, A[0], A[:, 1], A[0, 1], A[A > 1], A.sum(axis=0), A.mean(axis=1, keepdims=True), A.argmax(), A.copy(), A.ravel())
print(A == A, (A > 1).all(), (A > 1).any(), (A > 1).sum(), A / 2, A // 2, A % 2, 1 / A, A - 1, 2 ** A, ~(A > 1), (A > 1) & (A < 3))
B = A.copy(); B[0, 0] = 100; print(B, A); B[0] = [7, 8]; print(B)
print(np.random.default_rng(42).standard_normal(3), np.meshgrid([1, 2], [3, 4]), np.vstack([A, A]).shape, np.hstack([A, A]).shape, np.expand_dims(A, 0).shape, np.squeeze(np.ones((1, 2))).shape, np.tile([1, 2], 2), np.repeat([1, 2], 2), np.unique([3, 1, 1]), np.sort([3, 1, 2]), np.argsort([3, 1, 2]), np.cumsum([1, 2, 3]), np.diff([1, 4, 9]), np.round(2.567, 1), np.floor(2.5), np.isnan(np.nan), np.nan, np.inf, np.newaxis)
print(torch.from_numpy(A) @ torch.from_numpy(A).T, torch.from_numpy(A).float().dtype, torch.tensor(A, dtype=torch.float32), torch.tensor(A, requires_grad=True))
w = torch.tensor([1., 2.], requires_grad=True)
loss = (torch.from_numpy(A).float() @ w).sum(); loss.backward(); print(w.grad.numpy(), loss.detach().numpy(), float(loss), loss.item())
history = []
for i in range(3): history.append(loss.item() / (i + 1))
print(np.mean(history), np.array(history))
np.set_printoptions(precision=3, suppress=True); print(np.array([1.23456, 1e-9])); np.set_printoptions()
print(np.float64(0.1) + 0.2, np.float32(0.1), np.int64(3) * 2, np.float64(2) ** 0.5, type(np.float64(1) + 1), isinstance(A, np.ndarray), type(A), type(A.dtype), A.dtype == np.float64, A.dtype.name)
e = np.array([]); print(e, e.shape, len(e)); print(np.array([[1.5, 2], [3, 4]], dtype=np.float32), np.array(3.), np.array('a') if False else '')
def f(x): return x ** 2 + 3 * x
xs = np.linspace(0, 1, 3); print(f(xs), [f(x) for x in xs], list(map(float, xs)), dict(zip(range(3), xs)), sum(xs), max(xs), sorted(xs), xs in [1] if False else '')
try: np.array([1, 2]) + np.array([1, 2, 3])
except ValueError as er: print(er)
try: np.linalg.inv(np.zeros((2, 2)))
except np.linalg.LinAlgError as er: print(type(er).__name__, er)
try: np.foo
except AttributeError as er: print(er)
try: A[5]
except IndexError as er: print(er)
np.testing.assert_allclose(A, A)
