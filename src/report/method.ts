import { BEYOND_TROUBLE, flagCodesWith } from '../core/flag-effects.ts';

/** How every figure of a report is defined. Follows src/measure, src/core/statistics.ts and src/economics. */
export const METHOD = `
**Timed boundary.** Token ids on the host in, next token ids on the host out. Tokenising and text are outside.
Decoding is greedy and the number of tokens is forced. Prompts are random token ids, new ones for every
repetition. The cache is filled to the depth of the test before the clock starts.

**Order.** Every launch is a fresh process (or page) that loads the model anew. Cells that differ only in
engine, host, KV cache or activations take turns, launch by launch, in an order drawn from the seed. Each
launch warms up at the exact shapes it measures until two passes in a row improve by less than 2 %, or its
time for that is over (then the row says so); where the first run alone takes that time, it is the warm-up.

**Latency.** TTFT is the time from the call of the prefill until its token is on the host. A step is the time
from one token (or the prefill's end) to the next. Both are medians over launches of the medians of a launch's
repetitions; a repetition counts with the mean of its steps. TPOT p50, p95 and p99 are quantiles (type 7) of
single steps pooled over all launches; p95 is shown from 59 steps on, p99 from 299.

**Throughput.** A rate is inverted last, never a mean of rates:

- prefill tok/s = batch × promptTokens ÷ TTFT
- decode tok/s = batch ÷ step

**Run-ahead.** The decode above submits a step when the token before it is on the host. With run-ahead K an
engine whose tokens stay on the device submits K steps at once, and the next K before it reads the first: the
host waits once for K tokens. After each repetition the same number of tokens is decoded so from the same
place, timed as a whole: batch × generatedTokens ÷ time. Tokens then arrive in groups, so this figure is a
throughput, not the TPOT; latencies and costs never use it.

**Profile.** Taken once, after the timed repetitions, in the first launch. Each kernel of a step runs by itself, all its
dispatches of the step over and over, timed by the device's clock where that can be believed and else by the host's:
what a driver adds to a dispatch is then in it. Bytes are what a kernel must read and write at least. Device: all
dispatches in their order. Encode: recording the commands. Sync: from the submit to the token on the host, less the
device's time.

**Intervals** are at 95 %, over launches. From five launches on: a seeded bootstrap of 10 000 draws that
resamples launches, each kept whole, and takes the quantiles of their medians as far out in the normal distribution
as Student's t with as many launches lies. For three and four: Student's t on the logarithms of the launches'
medians, which is wide. For fewer: none. In simulated sessions whose truth is known, with launches that differ and
repetitions that resemble each other, 93 to 97 % of these intervals hold it. Records without a protocol of their own
were made before: their bootstrap resampled repetitions too and took the quantiles 2.5 and 97.5 %.

**How many launches.** A preset fixes that before the run: quick takes at least 3 and aims at intervals of ±5 % of the
median, standard 6 and ±3 %, publish 10 and ±2 %. After the minimum a cell ends when prefill and decode are both that
precise, when the last three estimates of the scatter between launches lie within 5 %, or at a cap of launches or time;
cells that are compared go on together. The rule looks at widths, never at which cell is ahead. Within a launch
repetitions go on to ten and to 384 decode steps, where its time allows. Each launch is a Node of its own with the flags
that \`provenance.nodeFlags\` names: V8's incremental marking, which engines' outputs in memory set off, would take half of
the processors while they decode, in a program of this size and not in a small one.

**Canary.** With the presets standard and publish a fixed small cell runs at the start, in the middle and at the end: the
first engine that uses the adapter, 64 tokens of prompt and 16 generated, up to 15 passes in a process of its own. A
median time that differs from the start's by more than 3 %, or than two launches of one cell differ by without a cause
where that is more, makes the session invalid, and with it each of its records. That noise is estimated from neighbouring
launches of the session's cells on the same engine and from the canary's own passes. In simulated sessions without a
change up to 6 % are called invalid, whatever their scatter; of those that become 10 % slower over nine in ten are found
where launches scatter by 1 %, and few where they scatter by 3 %; a canary that would miss 10 % says so. A GPU whose
clock stayed below 75 % of the highest seen, for a reason its driver names, in more than 20 % of the launches does the same.

**Scatter.** CV is the standard deviation over the mean, of launches' medians and of repetitions over their launch's
median; MAD the median absolute deviation of the latter; lag-1 the correlation of a repetition with the one before.
Drift is the Theil–Sen line's rise over a launch, or over the launches, with the p of Mann and Kendall's test, which
compares within launches only; it is flagged from 2 % on with p < 0.01. Two modes: how far apart the two best groups of
repetitions are, each over the fast end of its launch, with the p of Hartigan's dip test; flagged likewise. Outliers lie
beyond 1.5 (mild) or 3 (severe) interquartile ranges. None is dropped.

**Comparisons.** A ratio of times is taken launch by launch where both sides took turns, else over any two launches;
its interval draws launches. p95 and p99 are taken of all single times of a side, where they are 59 and 299 or more: each
draw takes whole launches, then the percentile of their times, then the ratio. A verdict is withheld, as AMBIGUOUS, for
these flags of either side: ${flagCodesWith('withholds').join(', ')}. Unless the whole interval lies beyond a factor
of ${BEYOND_TROUBLE}, more than such troubles make, it is also withheld for ${flagCodesWith('withholds-small').join(', ')}; and,
unless both sides have them and took turns, for ${flagCodesWith('withholds-unless-shared').join(', ')}.
Other flags are noted on the row. In simulated sessions with nothing wrong 4 % or fewer are withheld, and a true difference
of 5 % is found in 90 % or more of those with ten launches. A change in \`mtok history\` must exceed 2 % and the
A/A floor that \`mtok noise\` measured, of either neighbour, as in a comparison.

**Clock.** Its step is measured in every launch. What is shorter than 50 steps is withheld.

**Cost.** The *split* view charges each phase the device time it takes, at r USD per hour:

- input: 1 000 000 × r ÷ (3600 × prefill tok/s) USD per million prompt tokens
- output: 1 000 000 × r ÷ (3600 × decode tok/s) USD per million generated tokens

so that prompt tokens × input + generated tokens × output is the bill of the hours that made them. The device
is taken as busy all the time; idle hours, energy, retries and staff are not in it.

**Share of the peaks.** Before the cells, a process of its own measures on the same adapter how fast memory streams
(read, and copy: the faster one counts) and how many multiply-adds run a second. Then

- MBU = bytes × passes per second ÷ peak bandwidth
- MFU = operations × passes per second ÷ peak multiply-adds, two operations each

A pass is a prefill or a decode step with every token awaited. Bytes are the least it must move: all weights once (of
an embedding table that is no head, the rows needed), the cached keys and values before it read, its own written;
activations are not counted. Operations: 2 × batch × (new tokens × elements of the layers' matrices + elements of the
head), and 4 × layers × heads × head size for every pair of tokens in causal attention. A decode step is the mean of
all of a repetition. Where factors are f16, on matrix units or by activations, the peak is that of f16 multiply-adds
on ordinary units, which matrix units may exceed; else that of f32.

**Energy.** Power is sampled beside each launch: of the GPU's board by nvidia-smi, of the processors' packages by their
energy counters. Straight lines through the samples are integrated over the timed prefills and decodes, run-ahead
left out; idle power is in the figure, and given apart as it was before the launches. Fewer than five samples in all
windows of a phase give no figure.

**Around a launch.** Clocks, temperature and reasons for lower clocks are kept with each launch where the driver tells
them, with the processors' time that went to other programs or was withheld by a hypervisor.

**Memory.** MB are 10^6 bytes. Weights, KV cache, activations and staging are the device buffers of that kind,
counted as they are made; peak GPU is the highest total at any moment. Peak RSS is that of the whole process,
engine and runtime included, the median over launches. An engine that hides a figure has \`n/a\` there.

**Load.** Read: opening the weight files. Pack: quantising them, once per model and format; later launches find
them in the cache. Compile: kernels or graph. Upload: weights to the device. First run: the first prefill and
decode step, before any warm-up. Each is the median over the launches that know it.`.trim();
