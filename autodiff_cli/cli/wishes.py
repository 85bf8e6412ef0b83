"""Commands, options and choices that other tools have, and what there is here. Imported only for an error."""

from __future__ import annotations

from autodiff_cli.interpret.habits import table

# First words that people expect to be commands.
COMMANDS = table("""\
function funcs list-functions ops operators: autodiff functions lists and searches them
examples example demo tutorial usage man manual docs
    autodiff help begins with examples, autodiff help COMMAND too; man autodiff
repl shell console interactive ipython: autodiff alone is a prompt, on a terminal
completions autocomplete: eval "$(autodiff completion bash)" has TAB complete words; or zsh, fish
derivative differentiate formula symbolic: the derivative as a formula: autodiff derive 'x**2' x
diff grad gradient value calc calculate evaluate compute jacobian hessian
    no command is needed: autodiff 'x**2' x=3 prints the value and the gradients
exec execute python train script notebook: programs are run by autodiff run FILE
map rows table csv apply: rows of a table are evaluated by autodiff batch 'x*2' FILE
draw show picture curve
    a curve: autodiff plot 'x**2' x=-1:1; the graph: autodiff graph 'x**2' x=1
why trace steps debug chain-rule
    --trace prints every step: autodiff 'x**2' x=3 --trace; autodiff explain 'x**2' x=3 says why
info about: autodiff --version, autodiff --help
install update upgrade config init: there is nothing to set up; autodiff --help shows examples
""")

# Options: the real one, or a sentence; the first that the command has.
OPTIONS = table("""\
format to output-format as type: --format || --to || --json
print-json j jsn: --json || --to
json jsonl ndjson jsonlines: --json || --to jsonl, or another of csv, tsv, npz, parquet
csv tsv: --to csv || --to jsonl, or another of csv, tsv, npz, parquet
o out output outfile output-file write export: --output || --save || > FILE keeps what is printed
digits precision decimals prec places
    --digits || --dtype float64 computes with more digits
latex tex: --to latex
markdown md: --to markdown
html: --to html || --to markdown || --json || --to jsonl
dot graph plot svg: --to dot || --json || --to jsonl
v verbose debug explain show-steps tree log: --trace || --dry-run || --echo
q silent: --quiet
raw no-grad value value-only only-value no-gradients nograd no-gradient forward: --no-grad || --values-only
grad gradient gradients grads backward derivative diff
    gradients are printed anyway; --wrt x chooses
by with-respect-to respect variable variables vars params parameters: --wrt || values are written x=1
i input inputs var define def set bind at arg let: values are written x=1
e c expr expression f file from-file code
    the text is the first word, without an option; @FILE reads it from a file
random-seed rng rng-seed random-state seed: --manual-seed
float64 double f64 fp64 64: --dtype float64
float32 single f32 fp32: --dtype float32
float16 half f16 fp16: --dtype float16
vjp cotangent cotangents v0 grad-output: --seed
tangent tangents forward-mode direction: --jvp
jobs n-jobs cores cpus procs parallel num-threads t: --threads
gpu cuda device tpu: everything runs on the CPU; --threads N says on how many
mem memory ram: --max-memory
time timing profile benchmark stats perf: --timings || time autodiff … measures it
sep separator delim fs field-separator: --delimiter ';'
decimal-comma dec decimal-point: --decimal ,
thousands-separator group grouping: --thousands ,
na-values null-values nulls missing na-rep: --na NA
comments comment-prefix comment-char: --comment '#'
skiprows skip-rows skip-header-lines header-lines: --skip-lines N
quotechar quote-char quoting: --quote CHAR
header no-header names fields cols: --columns
head rows nrows max-rows first: --limit
skip ignore skip-errors ignore-errors errors: --on-error skip
sum mean average aggregate total: --reduce || write it in the expression: sum(x), mean(x)
chunk chunksize batch-size: --chunk-rows
noise error errors-in uncertainty sigma std: --propagate || autodiff and autodiff batch have --propagate
append continue: --resume
check test preview dryrun: --dry-run
colour: --color
no-color no-colour plain: --color never
list list-functions functions examples: autodiff --help shows what can be typed
install-completion show-completion completion
    eval "$(autodiff completion bash)" has TAB complete words; or zsh, fish
interactive repl shell: there is no prompt; autodiff run - reads a program from the terminal
""")

# Values of options.
CHOICES = table("""\
double f64 fp64 64 float64_t d torch.float64 torch.double: float64
float single f32 fp32 32 f torch.float32 torch.float: float32
half f16 fp16 16 bfloat16 bf16 torch.float16: float16
json ndjson jsonlines json-lines: jsonl
txt tab: tsv
pq: parquet
feather ipc: arrow
xlsx excel xls: csv
numpy: npy
average avg: mean
total: sum
ignore drop: skip
raise stop: fail
nan keep: null
yes on true: always
no off false: never
""")
