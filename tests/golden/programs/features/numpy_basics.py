import numpy as np

a = np.arange(6).reshape(2, 3)
print(a, a.shape, a.dtype, a.T, a.sum(), a.sum(axis=0), a.mean(), a.max(axis=1), a[1, 2], a[:, 1], a[a > 2])
print(repr(a), repr(np.array([1.0, 2.5])), np.array([1e-8, 1.0]), np.array([1e10, 1]), np.array(3.5), repr(np.float64(1.5)), np.float32(0.1), np.int64(3))
print(np.zeros(2), np.ones((1, 2), dtype=int), np.full(2, 7.), np.eye(2), np.linspace(0, 1, 3), np.array([True, False]), np.array(['a', 'b']))
x = np.array([1., 2., 3.])
print(x + 1, x * x, x @ x, x ** 2, x / 3, -x, x > 1, np.exp(x), np.sqrt(x), np.where(x > 1, x, 0), x.argmax(), np.clip(x, 1.5, 2.5))
print(np.concatenate([x, x]), np.stack([x, x]), x[:, None].shape, np.dot(a, x), x.tolist(), x.std(), np.abs(-x), np.cumsum(x), np.outer(x, x), np.linalg.norm(x))
x[0] = 9; y = x[:2]; y += 1; print(x, np.round(x / 7, 3), np.allclose(x, x), np.isnan(np.nan), np.pi, np.inf)
print(np.array([[1.5, -2.25], [100., 0.001]]), np.arange(0, 1, 0.25), np.array([]), np.argsort(-x), np.unique([3, 1, 3]), np.array([1, 2.5]).astype(int))
for row in a:
    print(row, row.sum())
try:
    x + np.ones(2)
except ValueError as e:
    print(e)
