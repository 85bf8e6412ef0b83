"""The families of the vocabulary that few calls need, and the names that they declare.

They are imported when one of the names is looked up, which keeps the start-up short. A test compares the
lists with what the modules declare.
"""

from __future__ import annotations

from importlib import import_module

FUNCTIONS_OF: dict[str, str] = {
    "activations": """F.celu F.elu F.gelu F.glu F.hardshrink F.hardsigmoid F.hardswish F.hardtanh
    F.leaky_relu F.logsigmoid F.mish F.prelu F.relu6 F.selu F.silu F.softmin F.softplus
    F.softshrink F.softsign F.tanhshrink F.threshold celu hardshrink prelu selu
    threshold""",
    "arrangement": """chunk diag diag_embed diagonal dsplit flip fliplr flipud hsplit linalg.diagonal roll
    rot90 split split_with_sizes tensor_split trace tril tril_indices triu triu_indices
    unflatten vsplit""",
    "convolutions": "F.conv1d F.conv2d F.fold F.interpolate F.pad F.unfold conv1d conv2d",
    "distances": """F.cosine_similarity F.normalize F.pairwise_distance addbmm addmv addr baddbmm cdist
    cosine_similarity cross dist inner kron linalg.cross linalg.vecdot pairwise_distance vdot""",
    "dropouts": "F.alpha_dropout F.dropout F.dropout1d F.dropout2d",
    "dtypes": """can_cast device finfo get_device iinfo is_complex is_nonzero is_signed is_tensor
    logspace promote_types result_type typename""",
    "einsum": "einsum tensordot",
    "integrals": "corrcoef cov cumulative_trapezoid linalg.vander trapezoid trapz vander",
    "joining": """atleast_1d atleast_2d atleast_3d block_diag cartesian_prod column_stack combinations
    dstack hstack meshgrid repeat_interleave row_stack vstack""",
    "layers": """F.batch_norm F.bilinear F.embedding F.group_norm F.instance_norm
    F.layer_norm F.one_hot F.scaled_dot_product_attention""",
    "linalg": """chain_matmul cholesky det inverse linalg.cholesky linalg.cond linalg.det linalg.eigh
    linalg.eigvalsh linalg.inv linalg.lstsq linalg.matrix_exp linalg.matrix_power
    linalg.matrix_rank linalg.multi_dot linalg.pinv linalg.qr linalg.slogdet
    linalg.solve linalg.svd linalg.svdvals logdet matrix_exp matrix_power pinverse qr
    slogdet svd""",
    "losses": """F.cosine_embedding_loss F.gaussian_nll_loss F.hinge_embedding_loss F.huber_loss
    F.kl_div F.l1_loss F.margin_ranking_loss F.poisson_nll_loss F.smooth_l1_loss
    F.soft_margin_loss F.triplet_margin_loss""",
    "ordering": """argsort cummax cummin kthvalue median mode msort nanmedian nanquantile quantile sort
    topk unique unique_consecutive""",
    "pairs": """addcdiv addcmul allclose arctan2 atan2 bitwise_left_shift bitwise_right_shift
    bucketize copysign deg2rad equal float_power fmax fmin frac gcd heaviside hypot
    isclose isin isneginf isposinf isreal lcm ldexp lerp logaddexp logaddexp2 nan_to_num
    rad2deg searchsorted sgn signbit""",
    "placement": """index_add index_copy index_fill index_put masked_fill masked_scatter put scatter
    scatter_add take take_along_dim""",
    "pools": """F.adaptive_avg_pool1d F.adaptive_avg_pool2d F.avg_pool1d F.avg_pool2d F.max_pool1d
    F.max_pool2d""",
    "random": """bernoulli multinomial normal poisson rand rand_like randint randint_like randn
    randn_like randperm""",
    "special": """digamma erf erfc erfinv i0 lgamma logit mvlgamma polygamma sinc special.digamma
    special.entr special.erf special.erfc special.erfcx special.erfinv special.exp2
    special.expm1 special.gammaln special.i0 special.i0e special.i1 special.i1e
    special.log1p special.log_ndtr special.log_softmax special.logit
    special.multigammaln special.ndtr special.ndtri special.polygamma special.psi
    special.sinc special.softmax special.xlog1py special.xlogy xlogy""",
    "statistics": """all aminmax any bincount count_nonzero cumprod cumsum diff histc logcumsumexp
    nanmean nansum std std_mean var var_mean""",
}
METHODS_OF: dict[str, str] = {
    "activations": "F.hardshrink F.prelu hardshrink prelu",
    "arrangement": """chunk diag diag_embed diagonal dsplit flip fliplr flipud hsplit roll rot90 split
    split_with_sizes tensor_split trace tril triu unflatten unfold vsplit""",
    "distances": "addbmm addmv addr baddbmm cross dist inner kron vdot",
    "dtypes": """get_device is_complex is_nonzero is_signed new_empty new_full new_ones new_tensor
    new_zeros storage_offset""",
    "integrals": "corrcoef cov",
    "joining": "repeat_interleave",
    "linalg": "cholesky det inverse logdet matrix_exp matrix_power pinverse qr slogdet svd",
    "ordering": """argsort cummax cummin kthvalue median mode msort nanmedian nanquantile quantile sort
    topk unique unique_consecutive""",
    "pairs": """addcdiv addcmul allclose arctan2 atan2 bitwise_left_shift bitwise_right_shift
    copysign deg2rad equal float_power fmax fmin frac gcd heaviside hypot isclose
    isneginf isposinf isreal lcm ldexp lerp logaddexp logaddexp2 nan_to_num rad2deg sgn
    signbit""",
    "placement": """index_add index_copy index_fill index_put masked_fill masked_scatter put scatter
    scatter_add take take_along_dim""",
    "random": "bernoulli multinomial",
    "special": """digamma erf erfc erfinv i0 lgamma logit mvlgamma polygamma sinc special.exp2
    special.expm1 special.log1p xlogy""",
    "statistics": """all aminmax any bincount count_nonzero cumprod cumsum diff histc logcumsumexp
    nanmean nansum std var""",
}


def load_all() -> None:
    """Import every family."""
    for family in {*FUNCTIONS_OF, *METHODS_OF}:
        import_module(f"autodiff_cli.vocabulary.{family}")


def rare_names(families: dict[str, str]) -> dict[str, str]:
    """The family of each name.

    >>> rare_names({"einsum": "einsum"})
    {'einsum': 'einsum'}
    """
    return {name: family for family, names in families.items() for name in names.split()}
