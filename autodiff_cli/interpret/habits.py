"""What people type from elsewhere, and what is written here. Imported only when an error is worded.

Each table has the words, and behind or below them what to type. `FUNCTIONS`, `NAMES` and `METHODS` give
expressions, which a test evaluates: x and y are vectors, A is a matrix, n a number. The others are in words.
"""

from __future__ import annotations


def table(text: str) -> dict[str, str]:
    """The advice for each word.

    >>> table("ln log_e: log(x)\\nplot\\n    nothing is drawn")
    {'ln': 'log(x)', 'log_e': 'log(x)', 'plot': 'nothing is drawn'}
    """
    advice: dict[str, str] = {}
    words: list[str] = []
    for line in text.splitlines():
        left, _, right = line.partition(": ")
        if line.startswith(" "):
            left, right = "", line.strip()
        words += left.split()
        if right:
            advice |= dict.fromkeys(words, right)
            words = []
    return advice


GRADIENTS = "the gradient by every input is printed anyway: autodiff 'x**2' x=3; --wrt chooses"
OFTEN = frozenset(
    "sin cos tan exp log sqrt abs sum mean max min prod norm dot relu sigmoid tanh".split()
)

FUNCTIONS = table("""\
sec: 1/cos(x)
csc cosec: 1/sin(x)
cot cotan ctg: 1/tan(x)
tg tangent tangens: tan(x)
sech: 1/cosh(x)
csch: 1/sinh(x)
coth: 1/tanh(x)
asec arcsec: acos(1/x)
acsc arccsc: asin(1/x)
acot arccot: atan(1/x)
arctg: atan(x)
arsinh: asinh(x)
arcosh: acosh(x)
artanh: atanh(x)
asech: acosh(1/x)
acsch: asinh(1/x)
acoth: atanh(1/x)
degrees deg: rad2deg(x)
radians rad: deg2rad(x)
sind: sin(deg2rad(x))
cosd: cos(deg2rad(x))
tand: tan(deg2rad(x))
sine sinus: sin(x)
cosine cosin cosinus: cos(x)
lg: log10(x)
lb ld: log2(x)
exp10: 10**x
cbrt: x**(1/3)
root nthroot: x**(1/n)
sqr: x**2
cube: x**3
power: x**n
sqroot squareroot: sqrt(x)
logn: log(x)/math.log(n)
gamma Gamma tgamma: exp(lgamma(x))
gammaln loggamma: lgamma(x)
psi: digamma(x)
factorial fact: exp(lgamma(x + 1))
beta: exp(lgamma(x) + lgamma(y) - lgamma(x + y))
binom comb choose nCr: exp(lgamma(x + 1) - lgamma(y + 1) - lgamma(x - y + 1))
N Phi Φ norm_cdf normcdf cdf normal_cdf ncdf pnorm ndtr cnd normsdist cumnorm: special.ndtr(x)
norm_pdf normpdf pdf normal_pdf npdf dnorm gaussian: exp(-x**2/2)/(2*pi)**0.5
norm_ppf ppf qnorm probit norminv normsinv ndtri: special.ndtri(x)
logistic sigm expit: sigmoid(x)
swish: silu(x)
hard_sigmoid: hardsigmoid(x)
hard_tanh: hardtanh(x)
lrelu: leaky_relu(x)
ramp pos positive_part: relu(x)
step unitstep theta: (x > 0).float()
mse: mse_loss(x, y)
rmse: mse_loss(x, y)**0.5
mae l1: l1_loss(x, y)
l2 sse: sum((x - y)**2)
huber: huber_loss(x, y)
bce bce_loss: binary_cross_entropy(sigmoid(x), y)
crossentropy ce xent: cross_entropy(x, y)
kl kldiv: kl_div(log(x), y)
entropy: special.entr(x).sum()
average avg: mean(x)
stdev stddev sd: std(x)
variance: var(x)
rms: mean(x**2)**0.5
total summation reduce_sum: sum(x)
reduce_mean: mean(x)
reduce_max: x.max()
reduce_min: x.min()
sumsq: sum(x**2)
product: prod(x)
percentile: quantile(x, 0.9)
cor corr: corrcoef(stack((x, y)))
count size: x.numel()
ptp: x.max() - x.min()
mod: remainder(x, y)
rem: fmod(x, y)
quotient floor_div: floor_divide(x, y)
signum: sign(x)
fabs: abs(x)
ceiling: ceil(x)
rnd: round(x)
truncate: trunc(x)
fract: frac(x)
bound limit saturate constrain: clamp(x, 0, 1)
ifelse iif cond piecewise Piecewise: where(x > 0, x, y)
mix interp: lerp(x, y, 0.5)
smoothstep: x*x*(3 - 2*x)
inv: linalg.inv(A)
pinv: linalg.pinv(A)
tr: trace(A)
determinant: det(A)
eig eigh: linalg.eigh(A)
eigvals eigvalsh: linalg.eigvalsh(A)
solve: linalg.solve(A, x)
lstsq: linalg.lstsq(A, x)
rank: linalg.matrix_rank(A)
expm: matrix_exp(A)
magnitude length l2norm: norm(x)
euclidean distance: norm(x - y)
unit: x/norm(x)
dotproduct dot_product scalar_product: dot(x, y)
mult times hadamard: x*y
plus: x + y
minus: x - y
append join: cat((x, y))
reverse: flip(x, (0,))
identity: eye(3)
cosine_sim cossim: cosine_similarity(x, y, 0)
array asarray vector vec Tensor FloatTensor: tensor([1., 2.])
matrix mat: tensor([[1., 2.], [3., 4.]])
const constant: tensor(2.)
range seq iota: arange(3.)
random uniform runif: rand(3)
gauss rnorm: randn(3)
integrate quad: trapezoid(y, x)
convolve: conv1d(x.view(1, 1, -1), y.view(1, 1, -1))
""")

# Names that are not called.
NAMES = table("""\
π PI Π: pi
ℯ: e
infinity infty oo: inf
true: True
false: False
null nil none: None
eps: finfo(float32).eps
double: float64
half: float16
""")

METHODS = table("""\
inv linalg: linalg.inv(A)
average avg: x.mean()
ln: x.log()
len: len(x)
length magnitude: x.norm()
tr: A.trace()
dotproduct: x.dot(y)
determinant: A.det()
mod: x.remainder(y)
power: x.pow(n)
astype: x.to(float32)
append concat: cat((x, y))
copy: x.clone()
reverse: x.flip(0)
stdev: x.std()
count: x.numel()
numpy: x.tolist()
mse_loss: mse_loss(x, y)
apply map: exp(x)
cube: x**3
sqr: x**2
gamma: x.lgamma().exp()
""")

# Modules, and what to write in their place.
MODULES = table("""\
np: write the function alone: exp(x), not np.exp(x)
numpy: write the function alone: exp(x), not numpy.exp(x)
jnp: write the function alone: exp(x), not jnp.exp(x)
jax: write the function alone: exp(x), not jax.exp(x)
tf: write the function alone: exp(x), not tf.exp(x)
tensorflow: write the function alone: exp(x), not tensorflow.exp(x)
keras: write the function alone: exp(x), not keras.exp(x)
cmath: write the function alone: exp(x), not cmath.exp(x)
cupy: write the function alone: exp(x), not cupy.exp(x)
mx: write the function alone: exp(x), not mx.exp(x)
functional: its functions have the prefix F., as in F.relu(x)
la LA: its functions have the prefix linalg., as in linalg.norm(x)
fft: complex numbers don't exist here: every number is real
sp scipy: scipy.special's have the prefix special.: special.ndtr(x); others stand alone: exp(x)
stats: the normal distribution is special.ndtr(x), its inverse special.ndtri(x)
sympy: names need no declaration: bind them, as in x=3
plt matplotlib pyplot sns plotly
    nothing is drawn here: --json and --save out.npz give the numbers to what draws
pd pandas pl polars csv json
    a file is bound as an input: x=@x.csv; autodiff batch reads tables row by row
optim: a search takes steps: write the loop as a program, and run it: autodiff run FILE
autograd func: the gradient by every input is printed anyway: autodiff 'x**2' x=3; --wrt chooses
cuda: everything here runs on the CPU: leave it out
os sys subprocess pathlib
    nothing outside of the expression can be reached: bind values, as in x=3 or x=@x.csv
""")

# Functions that have no place in an expression.
SAID = table("""\
ln: log(x) is the natural logarithm
print: the result is printed anyway
grad derivative deriv derive differentiate gradient nabla partial Derivative D value_and_grad
autodiff backward
    the gradient by every input is printed anyway: autodiff 'x**2' x=3; --wrt chooses
jacobian jacrev jacfwd jac: write the function alone, and --jacobian behind it
hessian hess: write the function alone, and --hessian behind it
jvp vjp hvp: write the function alone; --seed, --jvp NAME=V and --hvp NAME=V give the products
Variable: floating inputs are variables; write x='ones(2,2)'
symbols Symbol symbol let Var: names need no declaration: bind them, as in x=3
simplify factor subs evalf lim series taylor
    numbers are computed here, not formulas: bind the names, as in x=3
minimize maximize optimize fsolve newton curve_fit
    a search takes steps: write the loop as a program, and run it: autodiff run FILE
plot show graph draw hist scatterplot figure
    nothing is drawn here: --json and --save out.npz give the numbers to what draws
vmap jit pmap compile: leave it out: autodiff batch evaluates an expression for every row of a file
complex Complex real imag conj fft ifft rfft irfft fft2 fftn stft
    complex numbers don't exist here: every number is real
help dir doc: autodiff --help shows what can be typed
open read_csv loadtxt load genfromtxt read
    a file is bound as an input: x=@x.csv; autodiff batch reads tables row by row
save savetxt savez: --save FILE.npz writes the value and the gradients
eval exec: write the text itself: it is evaluated
input: nothing outside of the expression can be reached: bind values, as in x=3 or x=@x.csv
""")

# Attributes of tensors.
ATTRIBUTES = table("""\
backward grad autograd retain_grad
    the gradient by every input is printed anyway: autodiff 'x**2' x=3; --wrt chooses
grad_fn: the result's grad_fn is printed with it, and --trace shows every step's
requires_grad_: floating inputs require grad; --wrt chooses among them
imag conj: complex numbers don't exist here: every number is real
cuda: everything here runs on the CPU: leave it out
plot hist: nothing is drawn here: --json and --save out.npz give the numbers to what draws
""")

# What is probably meant where a call fails, by the name of the function.
CALLED = table("""\
max: max(x, 0) is the maximum along dimension 0: write relu(x), or clamp(x, min=0.5)
min: min(x, 0) is the minimum along dimension 0: write clamp(x, max=0.5)
log: other bases: log2(x), log10(x), log(x)/math.log(5)
diff: diff(x) takes differences of neighbours; the gradients are printed anyway: write x**2
sqrt: other roots: x**(1/3)
round: digits go by name: round(x, decimals=2)
""")
