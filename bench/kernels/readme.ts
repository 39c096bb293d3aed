import { kernels } from '../../kernels/index.ts';
import type { Binding, KernelSpec, ShaderModule } from '../../src/gpu/kernel.ts';
import { kernelCases } from './cases/index.ts';

const INTRO = `# Kernels

Written by \`npm run kernels:readme\` from the declarations and the heads of the \`.wgsl\` files: change those.

A kernel is a body and a declaration of the same name. What varies is a module in a slot, from \`lib/\`; the modules
listed are those that tests exercise. Dims and tunables are constants in the text (\`xStride\` is \`X_STRIDE\`), tunables
change speed and never the result beyond rounding; where a list follows one in brackets, the tuner tries its values.
\`elem\` is the type that activations are stored in, f32 or f16. A binding's number is its place in the list, with
those of the modules behind the kernel's own.
`;

/** The text of kernels/README.md. `readText` reads a source file. */
export async function kernelsReadme(readText: (url: URL) => Promise<string>): Promise<string> {
  const sections = await Promise.all(
    kernels.map(async (spec) => kernelSection(spec, await readText(spec.source))),
  );
  const modules = await Promise.all(
    usedModules().map(async (module) => moduleSection(module, await readText(module.source))),
  );
  return [INTRO, index(), ...sections, '## Modules\n', ...modules].join('\n');
}

function index(): string {
  return `${kernels.map(({ name }) => `[${name}](#${name})`).join(' · ')}\n`;
}

function kernelSection(spec: KernelSpec, source: string): string {
  const facts = [
    ['slots', slotsText(spec)],
    ['dims', spec.dims.map(code).join(', ')],
    ['tunables', tunablesText(spec)],
    ['features', (spec.needs ?? []).map(code).join(', ')],
  ];
  return [
    `## ${spec.name}`,
    '',
    headBlock(source),
    '',
    ...bindingTable(spec.binds),
    ...facts.map(([name, text]) => `- ${name}: ${text || 'none'}`),
    '',
  ].join('\n');
}

function moduleSection({ name, binds, needs = [] }: ShaderModule, source: string): string {
  const needed = needs.length === 0 ? [] : [`- features: ${needs.map(code).join(', ')}`, ''];
  return [`### ${name}`, '', headBlock(source), '', ...bindingTable(binds), ...needed].join('\n');
}

/** The comment that a file begins with. */
function headBlock(source: string): string {
  const lines = source.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  const head = lines.slice(0, end).map((line) => line.replace(/^\/\/ ?/, '').trimEnd());
  return ['```text', ...head, '```'].join('\n');
}

/** Lines with an empty one behind them; none without bindings. */
function bindingTable(binds: Readonly<Record<string, Binding>>): string[] {
  if (Object.keys(binds).length === 0) return [];
  const rows = Object.entries(binds).map(
    ([name, { access, type, shape }]) =>
      `| ${code(name)} | ${access} | ${code(type)} | ${shape.replaceAll('|', '\\|')} |`,
  );
  return ['| binding | access | type | layout |', '| --- | --- | --- | --- |', ...rows, ''];
}

/** `weights` (weights-f16, weights-int4), … */
function slotsText({ name, slots }: KernelSpec): string {
  return slots
    .map((slot) => {
      const fitting = kernelCases.flatMap(({ steps }) =>
        steps.flatMap(({ instance }) => {
          const module = instance.spec.name === name ? instance.modules[slot] : undefined;
          return module && isShipped(module) ? [module.name] : [];
        }),
      );
      return `${code(slot)} (${[...new Set(fitting)].sort().join(', ')})`;
    })
    .join(', ');
}

/** `wg` = 64 [32, 64, 128], … */
function tunablesText({ tunables, space = {} }: KernelSpec): string {
  return Object.entries(tunables)
    .map(([name, value]) => {
      const tried = space[name];
      return `${code(name)} = ${value}${tried ? ` [${tried.join(', ')}]` : ''}`;
    })
    .join(', ');
}

function usedModules(): ShaderModule[] {
  const found = new Map<string, ShaderModule>();
  for (const { steps } of kernelCases) {
    for (const { instance } of steps) {
      for (const module of Object.values(instance.modules)) {
        if (isShipped(module)) found.set(module.name, module);
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Not one of the stand-ins that only tests use. */
const isShipped = ({ source }: ShaderModule) => source.pathname.includes('/kernels/lib/');

const code = (text: string) => `\`${text}\``;
