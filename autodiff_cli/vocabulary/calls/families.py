"""The families of the vocabulary that few calls need, and the names that they declare.

They are imported when one of the names is looked up, which keeps the start-up short. A test compares the
lists with what the modules declare.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeVar

V = TypeVar("V")

FUNCTIONS_OF: dict[str, str] = {
    "functional.activations": """F.celu F.elu F.gelu F.glu F.hardshrink F.hardsigmoid F.hardswish F.hardtanh
    F.leaky_relu F.log_softmax F.logsigmoid F.mish F.prelu F.relu F.relu6 F.selu F.sigmoid F.silu F.softmax
    F.softmin F.softplus F.softshrink F.softsign F.tanh F.tanhshrink F.threshold celu hardshrink prelu selu
    threshold""",
    "arrangement": """chunk diag diag_embed diagonal dsplit flip fliplr flipud hsplit linalg.diagonal roll
    rot90 split split_with_sizes tensor_split trace tril tril_indices triu triu_indices
    unflatten vsplit""",
    "functional.common_losses": """F.binary_cross_entropy F.binary_cross_entropy_with_logits F.cross_entropy
    F.mse_loss F.nll_loss""",
    "functional.convolutions": "F.conv1d F.conv2d F.fold F.interpolate F.pad F.unfold conv1d conv2d",
    "distances": """F.cosine_similarity F.normalize F.pairwise_distance addbmm addmv addr baddbmm cdist
    cosine_similarity cross dist inner kron linalg.cross linalg.vecdot pairwise_distance vdot""",
    "functional.dropouts": "F.alpha_dropout F.dropout F.dropout1d F.dropout2d",
    "dtypes": """can_cast device finfo get_device iinfo is_complex is_nonzero is_signed is_tensor
    logspace promote_types result_type typename""",
    "einsum": "einsum tensordot",
    "linalg.factors": """cholesky linalg.cholesky linalg.cond linalg.eigh linalg.eigvalsh linalg.matrix_rank
    linalg.qr linalg.svd linalg.svdvals qr svd""",
    "indexing": "argwhere gather index_select masked_select nonzero",
    "integrals": "corrcoef cov cumulative_trapezoid linalg.vander trapezoid trapz vander",
    "joining": """atleast_1d atleast_2d atleast_3d block_diag cartesian_prod column_stack combinations
    dstack hstack meshgrid repeat_interleave row_stack vstack""",
    "functional.layers": """F.batch_norm F.bilinear F.embedding F.group_norm F.instance_norm
    F.layer_norm F.one_hot F.scaled_dot_product_attention""",
    "linalg.equations": """det inverse linalg.det linalg.inv linalg.lstsq linalg.matrix_exp
    linalg.matrix_power linalg.pinv linalg.slogdet linalg.solve logdet matrix_exp matrix_power pinverse
    slogdet""",
    "functional.losses": """F.gaussian_nll_loss F.huber_loss F.kl_div F.l1_loss F.poisson_nll_loss
    F.smooth_l1_loss""",
    "functional.margins": """F.cosine_embedding_loss F.hinge_embedding_loss F.margin_ranking_loss
    F.multi_margin_loss F.multilabel_margin_loss F.multilabel_soft_margin_loss F.soft_margin_loss
    F.triplet_margin_loss""",
    "linalg.chains": "chain_matmul linalg.multi_dot",
    "ordering": """argsort cummax cummin kthvalue median mode msort nanmedian nanquantile quantile sort
    topk unique unique_consecutive""",
    "pairs": """addcdiv addcmul allclose arctan2 atan2 bitwise_left_shift bitwise_right_shift
    bucketize copysign deg2rad equal float_power fmax fmin frac gcd heaviside hypot
    isclose isin isneginf isposinf isreal lcm ldexp lerp logaddexp logaddexp2 nan_to_num
    rad2deg searchsorted sgn signbit""",
    "placement": """index_add index_copy index_fill index_put masked_fill masked_scatter put scatter
    scatter_add take take_along_dim""",
    "functional.pools": """F.adaptive_avg_pool1d F.adaptive_avg_pool2d F.avg_pool1d F.avg_pool2d F.max_pool1d
    F.max_pool2d""",
    "products": "F.linear addmm bmm dot ger linalg.matmul matmul mm mv outer",
    "random": """bernoulli multinomial normal poisson rand rand_like randint randint_like randn
    randn_like randperm""",
    "shaping": """broadcast_tensors broadcast_to cat concat concatenate flatten moveaxis movedim narrow
    permute ravel reshape select squeeze stack swapaxes swapdims t tile transpose unbind unsqueeze""",
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
    "functional.activations": "hardshrink prelu",
    "arrangement": """chunk diag diag_embed diagonal dsplit flip fliplr flipud hsplit roll rot90 split
    split_with_sizes tensor_split trace tril triu unflatten unfold vsplit""",
    "distances": "addbmm addmv addr baddbmm cross dist inner kron vdot",
    "dtypes": """get_device is_complex is_nonzero is_signed new_empty new_full new_ones new_tensor
    new_zeros storage_offset""",
    "linalg.factors": "cholesky qr svd",
    "indexing": "argwhere gather index_select masked_select nonzero",
    "integrals": "corrcoef cov",
    "joining": "repeat_interleave",
    "linalg.equations": "det inverse logdet matrix_exp matrix_power pinverse slogdet",
    "ordering": """argsort cummax cummin kthvalue median mode msort nanmedian nanquantile quantile sort
    topk unique unique_consecutive""",
    "pairs": """addcdiv addcmul allclose arctan2 atan2 bitwise_left_shift bitwise_right_shift
    copysign deg2rad equal float_power fmax fmin frac gcd heaviside hypot isclose
    isneginf isposinf isreal lcm ldexp lerp logaddexp logaddexp2 nan_to_num rad2deg sgn
    signbit""",
    "placement": """index_add index_copy index_fill index_put masked_fill masked_scatter put scatter
    scatter_add take take_along_dim""",
    "products": "addmm bmm dot ger matmul mm mv outer",
    "random": "bernoulli multinomial",
    "shaping": """broadcast_to contiguous expand expand_as flatten moveaxis movedim narrow permute ravel
    repeat reshape reshape_as select squeeze swapaxes swapdims t tile transpose unbind unsqueeze view
    view_as""",
    "special": "digamma erf erfc erfinv i0 lgamma logit mvlgamma polygamma sinc xlogy",
    "statistics": """all aminmax any bincount count_nonzero cumprod cumsum diff histc logcumsumexp
    nanmean nansum std var""",
}
# What works on tensors as objects, not on their nodes: see `vocabulary/calls/handles.py`.
NAMES_OF: dict[str, str] = {  # behind `torch.`
    "generators": """Generator default_generator get_rng_state initial_seed manual_seed seed
    set_rng_state""",
    "autograd.grad_mode": """enable_grad inference_mode is_grad_enabled is_inference is_inference_mode_enabled
    no_grad set_grad_enabled""",
    "legacy": """BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor
    ShortTensor""",
    "nn.running": "F.batch_norm",
    "settings": """Size broadcast_shapes channels_last contiguous_format dtype from_numpy
    get_default_device get_default_dtype get_num_threads is_storage is_tensor preserve_format
    set_default_device set_default_dtype set_float32_matmul_precision set_num_threads strided
    use_deterministic_algorithms""",
    "printing": "set_printoptions",
    "func.vmap": "vmap",
}
TENSOR_METHODS_OF: dict[str, str] = {
    "autograd.grad_mode": "is_inference",
    "autograd.gradients": """backward detach detach_ register_hook register_post_accumulate_grad_hook
    requires_grad_ retain_grad""",
    "settings": "cpu data_ptr numpy",
    "writing": """apply_ bernoulli_ cauchy_ copy_ exponential_ fill_ fill_diagonal_ geometric_
    log_normal_ map_ normal_ random_ uniform_ zero_""",
}
TENSOR_ATTRIBUTES_OF: dict[str, str] = {
    "autograd.gradients": "_base _version data grad grad_fn is_leaf output_nr requires_grad retains_grad",
    "settings": "name",
}
TENSOR_SETTERS_OF: dict[str, str] = {"autograd.gradients": "data grad requires_grad"}


def load_all() -> None:
    """Import every family of functions of nodes."""
    for family in {*FUNCTIONS_OF, *METHODS_OF}:
        import_module(f"autodiff_cli.vocabulary.{family}")


def of_names(families: dict[str, str]) -> dict[str, str]:
    """The family of each name.

    >>> of_names({"einsum": "einsum tensordot"})
    {'einsum': 'einsum', 'tensordot': 'einsum'}
    """
    return {name: family for family, names in families.items() for name in names.split()}


class Table(dict[str, V]):
    """What names mean; a family is imported when one of its names is looked up.

    Args:
        families: the names that each declares.
    """

    def __init__(self, families: dict[str, str]) -> None:
        super().__init__()
        self.rare = of_names(families)

    def __missing__(self, name: str) -> V:
        family = self.rare.get(name)
        if family is None:
            raise KeyError(name)
        import_module(f"autodiff_cli.vocabulary.{family}")
        return dict.__getitem__(self, name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.rare

    def declared(self, name: str) -> V | None:
        """The entry that is there already; nothing is imported for it."""
        return super().get(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def names(self) -> list[str]:
        """Every name, of families not imported yet too."""
        return list({**self, **dict.fromkeys(self.rare)})
