import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BenchError } from '../core/errors.ts';
import { filesIn } from './sources.ts';

/** What sets a package apart from one that is carried whole with all it depends on. */
interface PackageRule {
  /** The files that are needed. */
  files?: RegExp;
  /** Those of its dependencies that are needed. */
  dependencies?: string[];
  /** Packages it imports but does not need here, in whose place comes one that throws when used. */
  stubs?: string[];
  /** Its licence among ours, where the package has none of its own. */
  licence?: string;
}

const rules: Record<string, PackageRule> = {
  webgpu: { files: /^(index\.js|dist\/linux-x64\/dawn\.node)$/, dependencies: [] },
  'onnxruntime-node': {
    files:
      /^(dist\/.*\.js|bin\/napi-v6\/linux\/x64\/(libonnxruntime\.so\.1|onnxruntime_binding\.node))$/,
    dependencies: ['onnxruntime-common'],
    licence: 'onnxruntime.txt',
  },
  'onnxruntime-common': { licence: 'onnxruntime.txt' },
  '@huggingface/transformers': {
    files: /^dist\/transformers\.node\.mjs$/,
    dependencies: ['onnxruntime-node', 'onnxruntime-common'],
    stubs: ['sharp'],
  },
  yaml: { files: /^dist\/.*\.js$/ },
  'csv-parse': { files: /^lib\/.*\.js$/ },
  'csv-stringify': { files: /^lib\/.*\.js$/ },
  '@pydantic/genai-prices': { files: /^dist\/index\.js$/ },
};

/**
 * Packages that the code asks for at run time and answers for when they are missing: browsers, what serves pages,
 * and DuckDB, whose library would more than double the bundle.
 */
const LEFT_OUT = ['vite', 'puppeteer', '@sparticuz/chromium', 'tsx', '@duckdb/node-api'];

const packageSchema = z.object({
  version: z.string(),
  license: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
});

/** A package to carry. */
export interface CarriedPackage {
  name: string;
  version: string;
  /** SPDX expression of its package.json. */
  licence: string;
  /** Path of its licence's text from the bundle's root. */
  licenceFile: string;
  folder: string;
  /** Paths in its folder. */
  files: string[];
}

export interface PackageSelection {
  packages: CarriedPackage[];
  stubs: string[];
}

/** Whether a package is reached by code whose absence the program reports itself. */
export function isLeftOut(name: string): boolean {
  return LEFT_OUT.includes(name);
}

/** Whether a file of a package, by its path in it, is needed to run it. */
export function isCarriedFile(name: string, path: string): boolean {
  if (path === 'package.json' || isLicence(path)) return true;
  const { files } = rules[name] ?? {};
  return files ? files.test(path) : /\.(js|mjs|cjs|json)$/.test(path);
}

function isLicence(path: string): boolean {
  return /^(LICEN[CS]E|COPYING|NOTICE)[^/]*$/i.test(path);
}

/**
 * The packages that `imported` stands for, with what they depend on, out of `<root>/node_modules`.
 * @throws `io` when one is not installed, `internal` when it has no licence.
 */
export async function selectPackages(
  root: string,
  imported: Iterable<string>,
): Promise<PackageSelection> {
  const packages = new Map<string, CarriedPackage>();
  const stubs = new Set<string>();
  const waiting = [...imported].filter((name) => !isLeftOut(name));
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (packages.has(name)) continue;
    const { carried, dependencies } = await readPackage(root, name);
    packages.set(name, carried);
    waiting.push(...dependencies);
    for (const stub of rules[name]?.stubs ?? []) stubs.add(stub);
  }
  const sorted = [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { packages: sorted, stubs: [...stubs] };
}

async function readPackage(
  root: string,
  name: string,
): Promise<{ carried: CarriedPackage; dependencies: string[] }> {
  const folder = join(root, 'node_modules', name);
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch((cause: unknown) => {
    throw new BenchError('io', `The package ${name} is not installed in ${folder}`, {
      hint: 'Run `npm ci`.',
      cause,
    });
  });
  const { version, license, dependencies } = packageSchema.parse(JSON.parse(text));
  const rule = rules[name] ?? {};
  const files = (await filesIn(folder, '.')).filter((path) => isCarriedFile(name, path));
  const own = files.find(isLicence);
  const licenceFile = own
    ? `node_modules/${name}/${own}`
    : rule.licence && `licences/${rule.licence}`;
  if (!licenceFile) throw new BenchError('internal', `The package ${name} has no licence file`);
  return {
    carried: { name, version, licence: license ?? 'see file', licenceFile, folder, files },
    dependencies: rule.dependencies ?? Object.keys(dependencies ?? {}),
  };
}
