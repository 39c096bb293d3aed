import type { Diagnostics, PhaseDiagnostics } from '../core/diagnostics.ts';
import type { ProtocolRecord } from '../core/protocol-record.ts';
import type { Flag, Launch } from '../core/record.ts';

/** Changes below this share are not worth a word: the practical margin of comparisons. */
const MARGIN = 0.02;
const SIGNIFICANT = 0.01;
const MIN_LAG1 = 0.3;
/** Two-sided 99 % point of the normal distribution. */
const Z_995 = 2.576;
/** A group of repetitions must be this large to be a mode and not some outliers. */
const MIN_MINOR_SHARE = 0.1;
/** Launches fall into two groups when the gap is this many times as wide as either. */
const MIN_GROUP_GAP = 3;
const NOISY_CV = 0.1;
const UNRANKED_CV = 0.2;
const MOST_GC_SHARE = 0.01;

type Phase = 'prefill' | 'decode';

/** What the samples of a cell say against its figures. A finding hides nothing: figures stay, with the flag. */
export function troubleFlags({ prefill, decode }: Diagnostics): Flag[] {
  return [...phaseFlags('prefill', prefill), ...phaseFlags('decode', decode)];
}

function phaseFlags(phase: Phase, found: PhaseDiagnostics | null): Flag[] {
  if (found === null) return [];
  return FINDINGS.filter(({ isFound }) => isFound(found)).map(({ code, message, hint }) => ({
    code,
    field: phase,
    message,
    hint,
  }));
}

interface Finding {
  code: string;
  message: string;
  hint: string;
  isFound(found: PhaseDiagnostics): boolean;
}

const FINDINGS: readonly Finding[] = [
  {
    code: 'drift-in-launches',
    message: 'Repetitions got steadily slower or faster by more than 2 % within launches.',
    hint: 'Let the device reach a steady temperature and clock first, or warm up for longer.',
    isFound: ({ driftInLaunches }) => isDrift(driftInLaunches),
  },
  {
    code: 'drift-over-launches',
    message: 'Launches got steadily slower or faster by more than 2 % over the run.',
    hint: 'Look for heat or other work on the machine, and measure again.',
    isFound: ({ driftOverLaunches }) => isDrift(driftOverLaunches),
  },
  {
    code: 'autocorrelation',
    message: 'A repetition resembles the one before it: repetitions tell less than their number.',
    hint: 'Intervals rest on launches and hold; more launches help, more repetitions do not.',
    isFound: ({ lag1, samples }) =>
      lag1 !== null && lag1 >= MIN_LAG1 && lag1 * Math.sqrt(samples) >= Z_995,
  },
  {
    code: 'bimodal',
    message:
      'Repetitions fall into two groups more than 2 % apart; their median may be of neither.',
    hint: 'Look for changing clocks or other work on the machine.',
    isFound: ({ bimodality }) =>
      bimodality !== null &&
      bimodality.pValue < SIGNIFICANT &&
      bimodality.separation > MARGIN &&
      bimodality.minorShare >= MIN_MINOR_SHARE,
  },
  {
    code: 'bimodal-launches',
    message: 'Launches fall into two groups more than 2 % apart; their median may be of neither.',
    hint: 'A choice made at start differs between launches, such as memory layout or kernel; use more launches.',
    isFound: ({ launchGroups }) =>
      launchGroups !== null &&
      launchGroups.separation > MARGIN &&
      (launchGroups.gap === null || launchGroups.gap >= MIN_GROUP_GAP),
  },
  {
    code: 'severe-outliers',
    message: 'Some repetitions lie more than 3 interquartile ranges out; none was dropped.',
    hint: 'The record counts them; something on the machine interfered.',
    isFound: ({ outliers }) => (outliers?.severe ?? 0) > 0,
  },
  {
    code: 'do-not-rank',
    message: 'Launches scatter by more than 20 %: this figure ranks nothing.',
    hint: 'Quiet the machine and measure again.',
    isFound: ({ launchCv }) => (launchCv ?? 0) > UNRANKED_CV,
  },
  {
    code: 'noisy',
    message: 'Launches scatter by 10 to 20 %.',
    hint: 'Quiet the machine or use more launches.',
    isFound: ({ launchCv }) => launchCv !== null && launchCv > NOISY_CV && launchCv <= UNRANKED_CV,
  },
];

function isDrift(drift: PhaseDiagnostics['driftInLaunches']): boolean {
  return drift !== null && drift.pValue < SIGNIFICANT && Math.abs(drift.share) > MARGIN;
}

/** Garbage collection that took a part of the timed repetitions worth mentioning. */
export function gcFlags(launches: readonly Launch[]): Flag[] {
  const isHeavy = launches.some(({ gcPauses, repetitions }) => {
    const timedMs = repetitions.reduce(
      (sum, { prefillMs, stepMs, runAheadMs }) =>
        sum + (prefillMs ?? 0) + stepMs.reduce((a, b) => a + b, 0) + (runAheadMs ?? 0),
      0,
    );
    return gcPauses !== null && gcPauses.timedMs > MOST_GC_SHARE * timedMs;
  });
  if (!isHeavy) return [];
  return [
    {
      code: 'gc-pauses',
      field: null,
      message: 'Garbage collection took more than 1 % of the timed repetitions of a launch.',
      hint: 'The record says how much in each launch; the pauses are part of the times.',
    },
  ];
}

/** Intervals that are wider than the run set out for. */
export function targetFlags({ halfWidthTarget, preset, stop }: ProtocolRecord): Flag[] {
  if (stop.targetMet) return [];
  const percent = Number((100 * halfWidthTarget).toPrecision(3));
  const wider = { quick: '--preset standard', standard: '--preset publish', publish: null }[preset];
  return [
    {
      code: 'target-missed',
      field: null,
      message: `An interval is wider than ±${percent} %, which the run set out for, or missing.`,
      hint: `Use more launches (--max-launches${wider === null ? '' : `, ${wider}`}) or a quieter machine.`,
    },
  ];
}
