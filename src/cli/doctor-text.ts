import { counted } from '../report/format.ts';
import { textGrid, wrapText } from '../report/text-grid.ts';
import { adviceFor } from './doctor-advice.ts';
import type { BundleFacts, DoctorFacts, Finding, TunedFacts } from './doctor-facts.ts';

const WIDTH = 100;
const INDENT = '  ';
/** Those that make a difference, by the name shown. */
const FEATURES = [
  ['shader-f16', 'shader-f16'],
  ['subgroups', 'subgroups'],
  ['timestamp-query', 'timestamp-query'],
  ['subgroup-matrix', 'chromium-experimental-subgroup-matrix'],
] as const;

/** What `mtok doctor` prints, line by line, at most 100 columns wide. */
export function doctorText(facts: DoctorFacts): string[] {
  return [
    ...section('Machine', machine(facts)),
    ...(facts.bundle ? section('Offline bundle', bundle(facts.bundle)) : []),
    ...section('WebGPU adapters', facts.adapters.flatMap(adapter)),
    ...section('Used by --adapter auto', [chosen(facts)]),
    ...section('ONNX Runtime providers', [providers(facts)]),
    ...section('llama.cpp', llamaCpp(facts)),
    ...section('Browser', [browser(facts)]),
    ...section('NVIDIA driver', lines(facts.nvidia)),
    ...section('Versions', versions(facts)),
    ...section('What to do', advice(facts)),
  ];
}

function section(title: string, body: string[]): string[] {
  const shown = body.length === 0 ? ['none'] : body;
  return [title, ...shown.flatMap((line) => wrap(line, INDENT)), ''];
}

/** Breaks a line that is too wide at blanks, keeping its own indent. */
function wrap(line: string, indent: string): string[] {
  const own = /^ */.exec(line)?.[0] ?? '';
  if (indent.length + line.length <= WIDTH) return [`${indent}${line}`];
  const [first = '', ...rest] = wrapText(line.trim(), WIDTH - indent.length - own.length, INDENT);
  return [first, ...rest].map((part) => `${indent}${own}${part}`);
}

function machine({ machine: { os, cpu, cores, memoryBytes }, cacheDir }: DoctorFacts): string[] {
  const memory = `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
  return [`${os}, ${memory} memory`, `${cpu}, ${cores} cores`, `cache: ${cacheDir}`];
}

function bundle({ commit, files, damaged, parts, needs }: BundleFacts): string[] {
  const system = Object.entries(needs).map(([family, newest]) => `${family} ${newest}`);
  return [
    `built from commit ${commit ?? 'unknown'}${parts.map((part) => `, with ${part}`).join('')}`,
    `needs ${system.join(', ')}`,
    damaged.length === 0 ? `all ${files} files are whole` : `damaged: ${damaged.join(', ')}`,
  ];
}

function adapter(found: DoctorFacts['adapters'][number]): string[] {
  const { name, vendor, kind, origin, problem, details, tuned } = found;
  const mark = kind === 'software' ? ' [software: its timings are not a GPU’s]' : '';
  const head = `${name} (${vendor}, ${origin})${mark}`;
  if (problem !== null) return [head, `  cannot be used: ${problem}`];
  const has = new Set(String(details.features ?? '').split(' '));
  const bytes = (key: string): string => `${(Number(details[key]) / 2 ** 20).toFixed(0)} MiB`;
  const features = FEATURES.map(([label, name]) => `${label} ${has.has(name) ? 'yes' : 'no'}`);
  return [
    head,
    `  driver      ${details.driver}`,
    `  features    ${features.join(', ')}`,
    `  subgroups   ${details.subgroupMinSize} to ${details.subgroupMaxSize} lanes`,
    `  matrices    ${details.subgroupMatrixConfigs || 'none'}`,
    `  limits      buffer ${bytes('maxBufferSize')}, binding ${bytes('maxStorageBufferBindingSize')}, ` +
      `workgroup ${details.maxComputeInvocationsPerWorkgroup} invocations, ` +
      `${Number(details.maxComputeWorkgroupStorageSize) / 1024} KiB`,
    `  tuned       ${tunedText(tuned)}`,
  ];
}

function tunedText({ origin, operations, problem }: TunedFacts): string {
  if (origin !== 'none') return `${counted(operations, 'operation')} (${origin} table)`;
  return problem === null ? 'none; see mtok tune' : `none: ${problem}`;
}

function chosen({ chosen: choice }: DoctorFacts): string {
  if ('problem' in choice) return `none: ${choice.problem}`;
  const { id, name, kind } = choice.found;
  return `${name} (--adapter ${id.includes(' ') ? JSON.stringify(id) : id}, ${kind})`;
}

function providers({ providers: list }: DoctorFacts): string {
  if ('problem' in list) return `none: ${list.problem}`;
  return list.found
    .map(({ name, bundled }) => (bundled ? name : `${name} (needs files that are not bundled)`))
    .join(', ');
}

function llamaCpp({ llamaCpp: list }: DoctorFacts): string[] {
  if ('problem' in list) return [`none: ${list.problem}`];
  return list.found.map(({ device, release, gpus, problem }) => {
    if (problem !== null) return `${device}: ${problem}`;
    return `${device}: ${release}${gpus.map((name) => `, ${name}`).join('')}`;
  });
}

function browser({ browser: choice }: DoctorFacts): string {
  if ('problem' in choice) return `none: ${choice.problem}`;
  const { path, source, version } = choice.found;
  return `${version}, ${source}: ${path}`;
}

function lines(list: Finding<string[]>): string[] {
  return 'problem' in list ? [list.problem] : list.found;
}

function versions({ versions: list }: DoctorFacts): string[] {
  const columns = [
    { heading: [], align: 'left' },
    { heading: [], align: 'left' },
  ] as const;
  // Without its rule: the list has no heading.
  return textGrid(columns, Object.entries(list)).slice(1);
}

function advice(facts: DoctorFacts): string[] {
  const list = adviceFor(facts);
  return list.length === 0 ? ['Nothing is missing.'] : list.map((line) => `- ${line}`);
}
