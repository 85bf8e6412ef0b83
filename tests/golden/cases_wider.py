"""More cases of cases.py: families of functions that came later, in the form of cases_vocabulary.py."""

from __future__ import annotations

from cases_vocabulary import MIXED, Case, M, each


def triangles() -> list[Case]:
    cases: list[Case] = []
    for x in (
        "[[4.0, 1.0, -2.0], [1.5, 3.0, 0.5], [-1.0, 0.25, 2.0]]",
        M,
        "((arange(18.)*7) % 5 - 1.7 + 4*eye(3)[:, :3].reshape(9).repeat(2)).reshape(2, 3, 3)",
    ):
        cases += each(
            "linalg.lu(x)[0]|linalg.lu(x).L|linalg.lu(x)[2]|linalg.lu_factor(x)[0]|"
            "linalg.lu_factor(x).pivots|linalg.lu_factor_ex(x).info|torch.lu(x)[0]|"
            "torch.lu_unpack(*linalg.lu_factor(x)).U|linalg.lu(x.mT).L|linalg.lu(x.mT).U|"
            "linalg.householder_product(x.mT, x[..., 0])",
            x=x,
        )
    square = "[[4.0, 1.0, -2.0], [1.5, 3.0, 0.5], [-1.0, 0.25, 2.0]]"
    cases += each(
        "linalg.lu_solve(*linalg.lu_factor(x), y)|linalg.lu_solve(*linalg.lu_factor(x), y, adjoint=True)|"
        "linalg.lu_solve(*linalg.lu_factor(x), y.T, left=False)|lu_solve(y, *linalg.lu_factor(x))|"
        "linalg.solve_triangular(x, y, upper=True)|linalg.solve_triangular(x, y, upper=False)|"
        "linalg.solve_triangular(x, y.T, upper=True, left=False)|"
        "linalg.solve_triangular(x, y, upper=False, unitriangular=True)|cholesky_solve(y, x.tril())|"
        "cholesky_solve(y, x.triu(), True)|y.cholesky_solve(x.tril())|cholesky_inverse(x.tril())|"
        "cholesky_inverse(x.triu(), True)|"
        "linalg.cholesky_ex(x @ x.T)[0]|linalg.cholesky_ex(x @ x.T, upper=True).L|"
        "linalg.cholesky_ex(-eye(3)).info|linalg.inv_ex(x).inverse|linalg.inv_ex(x).info|"
        "linalg.inv_ex(zeros(2, 2)).info|linalg.solve_ex(x, y).result|linalg.solve_ex(x, y[:, 0])[0]|"
        "linalg.tensorinv(x.reshape(3, 3, 1), ind=1)|linalg.tensorsolve(x, y[:, 0])|"
        "linalg.tensorsolve(x.reshape(1, 3, 3), y[:, :1].T)|"
        "linalg.ldl_solve(*linalg.ldl_factor((x + x.T).detach()), y.detach())|linalg.lu(zeros(0, 3)).U|"
        "linalg.ldl_factor((x + x.T).detach()).pivots|linalg.lu_factor(zeros(2, 0, 0))[1]",
        x=square,
        y="[[1.0, -0.5], [2.0, 0.25], [0.5, 3.0]]",
    )
    return cases


def normalizations() -> list[Case]:
    return each(
        "F.rms_norm(x, (4,))|F.rms_norm(x, (3, 4), eps=0.1)|torch.rms_norm(x, (4,), x[0, 0], 1e-3)|"
        "F.local_response_norm(x, 2)|F.local_response_norm(x[None], 3, alpha=0.1, beta=0.5, k=2.0)|"
        "F.gumbel_softmax(x)|F.gumbel_softmax(x, 0.5, True, dim=0)|F.dropout3d(x[None], 0.4)|"
        "F.feature_alpha_dropout(x, 0.4, True)|F.feature_alpha_dropout(x)|"
        "F.instance_norm(x, x[0, :, 0].detach() + 0.5, x[1, :, 1].detach() ** 2, use_input_stats=False)",
        x=MIXED,
    )


def all_wider() -> list[Case]:
    return triangles() + normalizations()
