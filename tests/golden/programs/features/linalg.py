import torch

A = torch.tensor([[4., 1.], [2., 3.]])
b = torch.tensor([1., 2.])
print(A @ A, A @ b, b @ A, b @ b, torch.mm(A, A), torch.mv(A, b), torch.dot(b, b), torch.outer(b, b), A.T @ A, torch.matmul(A[None], A).shape, torch.bmm(A[None], A[None]), A.matmul(b))
print(torch.det(A), torch.inverse(A), torch.linalg.solve(A, b), torch.linalg.norm(A), torch.linalg.matrix_rank(A), torch.trace(A), torch.linalg.eigvalsh(A + A.T), torch.linalg.cholesky(A @ A.T), torch.einsum('ij,j->i', A, b), torch.einsum('ii', A), torch.kron(torch.eye(2), b[None]), torch.linalg.matrix_power(A, 3), torch.cross(torch.tensor([1., 0., 0.]), torch.tensor([0., 1., 0.]), dim=0), torch.tensordot(A, A, dims=2), torch.addmm(A, A, A), torch.baddbmm(A[None], A[None], A[None]).shape)
X = A.clone().requires_grad_()
torch.logdet(X).backward(); print(X.grad, torch.linalg.inv(A).T)
X.grad = None; torch.linalg.solve(X, b).sum().backward(); print(X.grad)
U, S, Vh = torch.linalg.svd(A); print(S, torch.allclose(U @ torch.diag(S) @ Vh, A, atol=1e-5)); Q, R = torch.linalg.qr(A); print((Q @ R).round(decimals=3), Q.shape)
for bad in (lambda: A @ torch.ones(3), lambda: torch.dot(A, A), lambda: torch.mm(A, b), lambda: torch.bmm(A, A), lambda: torch.linalg.inv(torch.zeros(2, 2)), lambda: torch.mv(A, torch.ones(3)), lambda: torch.einsum('ij,k->q', A, b), lambda: A @ 2):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0])
