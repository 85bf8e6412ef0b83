"""What the reference's backward functions keep, by their names: `_saved_self`, `_saved_dim`.

Source: torch/tools/autograd/derivatives.yaml, as `dir()` of the classes in `torch._C._functions` shows it.
"""

from __future__ import annotations

_BY_NAMES = """
A LU left pivots result: LinalgSolveEx/0
A LU pivots result: LinalgDet/0
A LU pivots sign: LinalgSlogdet/0
C HxW N eps group input result1 result2 weight: NativeGroupNorm/0
L upper: LinalgCholeskyEx/0
Q R mode: LinalgQr/0
S S_sym_argsize_minus_1 U Vh full_matrices: LinalgSvd/0
accumulate index source: Put/0
accumulate indices: IndexPut/0 IndexPutImpl/0
alpha: Add/0 Rsub/0 Rsub/1 Sub/0
alpha batch1 batch1_sym_argsize_0 batch1_sym_argsize_1 batch2 batch2_sym_argsize_2 beta: Addbmm/0
alpha batch1 batch2 beta: Baddbmm/0
alpha beta mat vec: Addmv/0
alpha beta mat1 mat1_sym_sizes mat1_sym_strides mat2 mat2_sym_sizes mat2_sym_strides: Addmm/0
alpha beta vec1 vec2: Addr/0
alpha dim index source source_dim: IndexAdd/0
alpha grad_output input_scale is_result scale self_or_result: Elu//0
alpha input_scale result scale: Elu/1
alpha input_scale scale self: Elu/0
alpha result: Celu/1
alpha self: Celu/0
approximate grad_output self: Gelu//0
approximate self: Gelu/0
attn_mask dropout_p is_causal key logsumexp output query scale value: ScaledDotProductFlashAttentionForCpu/0
b self solution: LinalgLstsq/0
batch_first batch_sizes bidirectional cx_ has_biases hidden_size hx_ input mode num_layers result0 result1
  result2 result3 reverse train weight0 weight1 weight2 weight3: MkldnnRnnLayer/0
beta grad_output reduction self target: SmoothL1Loss//0
beta grad_output self threshold: Softplus//0
beta reduction self target: SmoothL1Loss/0
beta self threshold: Softplus/0
bias input normalized_shape result1 result2 weight: NativeLayerNorm/0
bias_sym_sizes_opt dilation groups input output_padding padding stride transposed weight: Convolution/0
  Convolution/1
buffer grad_output self: LogSigmoid//0
buffer self: LogSigmoid/0
ceil_mode count_include_pad divisor_override kernel_size padding self stride: AvgPool2D/0
ceil_mode count_include_pad divisor_override kernel_size padding stride: AvgPool2D//0
ceil_mode dilation kernel_size padding result1 self stride: MaxPool2DWithIndices/0
condition: Where/0
correction dim keepdim result self: Std/0
correction dim keepdim result0 self: StdMean/0
correction dim keepdim self: Var/0 VarMean/0
delta grad_output reduction self target: HuberLoss//0
delta reduction self target: HuberLoss/0
diagonal: Tril/0 Triu/0
dilation grad_output groups input output_padding padding stride transposed weight: Convolution//0
dilation kernel_size padding self_sym_argsize_minus_1 self_sym_argsize_minus_2 stride: Im2Col/0
dilation kernel_size padding stride: Col2Im/0
dim: Cat/0 Cumsum/0 Stack/0 Unbind/0 Unsqueeze/0 Unsqueeze/1
dim end self_sym_sizes start step: Slice/0
dim end start step: Slice//0
dim grad_output output: LogSoftmax/Data/0 Softmax/Data/0
dim grad_output self: Glu//0
dim index: IndexFill/0 IndexFill/1 ScatterAdd/0 Scatter/0 Scatter/1 Select//0
dim index self sparse_grad: Gather/0
dim index self_sym_sizes: IndexSelect/0 Select/0
dim index source source_dim: IndexCopy/0
dim indices keepdim self_sym_sizes: Kthvalue/0 Max/0 Median/1 Min/0 Mode/0 Nanmedian/1
dim indices self: Cummax/0 Cummin/0
dim indices self_sym_sizes: Sort/0 Sort/1 Topk/0
dim keepdim max min self: Aminmax/0
dim keepdim ord result self: LinalgVectorNorm/0
dim keepdim p result self: Norm/1 Norm/3
dim keepdim result self: Amax/0 Amin/0 Logsumexp/0 Prod/1
dim keepdim self: Nansum/0
dim keepdim self_sym_numel self_sym_sizes: Mean/1
dim keepdim self_sym_sizes: Sum/1
dim other self: LinalgCross/0
dim result: LogSoftmax/0 Softmax/0
dim result self: Cumprod/0 Logcumsumexp/0
dim self: Glu/0
dim self_sym_sizes: Squeeze/1 Squeeze/2
dim self_sym_sizes split_size: Split/0
dim self_sym_sizes split_sizes: SplitWithSizes/0
dim size step: Unfold//0
dim0 dim1: Transpose/0 Transpose/1
dim1 dim2 offset: DiagEmbed/0 Diagonal//0
dim1 dim2 offset self_sym_sizes: Diagonal/0
dimension self_sym_sizes size step: Unfold/0
dims: Flip/0 Permute/0
dims k: Rot90/0
dims shifts: Roll/0
eigenvalues eigenvectors: LinalgEigh/0
end self weight: Lerp/1
eps grad_out input running_mean running_var save_invstd save_mean train weight: NativeBatchNorm//0
eps input result1 result2 running_mean running_var training weight: NativeBatchNorm/0
eps self: Logit/0
exponent result self: Pow/1 Pow/2
exponent self: Pow/0
grad_out input mean normalized_shape rstd weight: NativeLayerNorm//0
grad_output output: Sigmoid//0 Tanh//0
grad_output reduction self target: MseLoss//0 SoftMarginLoss//0
grad_output reduction self target weight: BinaryCrossEntropy//0
grad_output self: Hardswish//0
grad_output self weight: PreluKernel//0
grad_output_sym_argsize_minus_1 grad_output_sym_argsize_minus_2: AdaptiveAvgPool2D//0
ignore_index reduction self target total_weight weight: NllLoss2D/0 NllLoss/0
ignore_index reduction target weight: NllLoss//0
index self: Take/0
indices: MaxPool2DWithIndices//0
indices padding_idx: EmbeddingDense//0
indices padding_idx scale_grad_by_freq sparse weight_sym_argsize_0: Embedding/0
indices self_sym_sizes: Index/0
inverse: LinalgInvEx/0
is_target reduction self target: MultilabelMarginLoss/0
lambd self: Hardshrink/0 Hardshrink//0 Softshrink/0 Softshrink//0
left result self unitriangular upper: LinalgSolveTriangular/0
margin p reduction self target weight: MultiMarginLoss/0
mask: MaskedFill/0 MaskedFill/1 MaskedScatter//0
mask self: MaskedSelect/0
mask source_sym_sizes: MaskedScatter/0
mat2 mat2_sym_sizes mat2_sym_strides self self_sym_sizes self_sym_strides: Mm/0
mat2 self: Bmm/0
max min self: Clamp/0 Clamp/1
max self: ClampMax/0 ClampMax/1
max_val min_val self: Hardtanh/0 Hardtanh//0
mean_sym_sizes: Normal/1
mean_sym_sizes std_sym_sizes: Normal/3
min self: ClampMin/0 ClampMin/1
n self: Polygamma/0 Polygamma/1
negative_slope result: LeakyRelu/1
negative_slope self: LeakyRelu/0 LeakyRelu//0
other: Div/1 Mul/1
other p result self: Dist/0
other result: Ldexp/0
other result self: Hypot/0
other rounding_mode: Div/3
other rounding_mode self: Div/2
other self: Atan2/0 Div/0 Fmax/0 Fmin/0 Fmod/1 Logaddexp2/0 Logaddexp/0 Maximum/0 Minimum/0 Mul/0
  Remainder/1 SpecialXlog1Py/0 SpecialXlog1Py/1 SpecialXlog1Py/2 Vdot/0 Xlogy/0 Xlogy/1 Xlogy/2
output_size scales_h scales_w: UpsampleNearest2D//0
output_size scales_h scales_w self_sym_sizes: UpsampleNearest2D/0
p result self: Norm/0 Norm/2
p result x1 x2: Cdist/0
p self: Mvlgamma/0
pad: ConstantPadNd/0
pos_weight reduction self target weight: BinaryCrossEntropyWithLogits/0
reduction self target: MseLoss/0 SoftMarginLoss/0
reduction self target weight: BinaryCrossEntropy/0
repeats self_sym_sizes: Repeat/0
result: Exp2/0 Exp/0 Expm1/0 Reciprocal/0 Relu/0 Rsqrt/0 Sigmoid/0 SpecialNdtri/0 Sqrt/0 Tan/0 Tanh/0
result self: Copysign/0 Copysign/1 LinalgPinv/0 Max/1 Median/0 Min/1 Nanmedian/0 Prod/0 Sgn/0 SpecialErfcx/0
  SpecialI0E/0 SpecialI1/0 SpecialI1E/0 SpecialLogNdtr/0
result upper: Cholesky/0
self: Abs/0 Acos/0 Acosh/0 AdaptiveAvgPool2D/0 Asin/0 Asinh/0 Atan/0 Atanh/0 Cos/0 Cosh/0 Digamma/0 Erf/0
  Erfc/0 Erfinv/0 Hardsigmoid/0 Hardswish/0 I0/0 Lgamma/0 LinalgMatrixExp/0 Log10/0 Log1P/0 Log2/0 Log/0
  Mish/0 NanToNum/0 Silu/0 Sin/0 Sinc/0 Sinh/0 SpecialEntr/0
self tensor: Dot/0
self threshold: Threshold/0 Threshold/1 Threshold//0
self vec: Mv/0
self weight: PreluKernel/0
self_sym_numel self_sym_sizes: Mean/0
self_sym_sizes: Expand/0 ReshapeAlias/0 Squeeze/0 Squeeze/3 Sum/0 Trace/0 UnsafeView/0 View/0
size storage_offset stride: AsStrided/0 AsStrided/1
std_sym_sizes: Normal/2
tensor1 tensor2 value: Addcdiv/0 Addcmul/0
weight: Lerp/0
"""


def _table() -> dict[str, tuple[str, ...]]:
    found = {}
    for line in _BY_NAMES.replace("\n  ", " ").strip().splitlines():
        names, _, functions = line.partition(": ")
        for function in functions.split():
            found[function.replace("/", "Backward")] = tuple(names.split())
    return found


SAVED = _table()
