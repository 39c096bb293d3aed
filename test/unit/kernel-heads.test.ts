import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kernelCases } from '../../bench/kernels/cases/index.ts';
import { kernels } from '../../kernels/index.ts';
import type { KernelSpec } from '../../src/gpu/kernel.ts';
import { constantName } from '../../src/gpu/preamble.ts';

const LABELS = ['in', 'out', 'grid', 'cost', 'needs', 'why'] as const;
type Label = (typeof LABELS)[number];

interface Head {
  title: string;
  labels: Label[];
  sections: Partial<Record<Label, string>>;
}

/** The comment at a kernel's beginning: a title, an empty line, then labelled lines with what continues them. */
function parseHead(text: string): Head {
  const lines = text.split('\n');
  const comment = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('//')),
  );
  const head: Head = { title: comment[0]?.slice(3) ?? '', labels: [], sections: {} };
  expect(comment[1]).toBe('//');
  let label: Label | undefined;
  for (const line of comment.slice(2)) {
    const [, word, rest = ''] = /^\/\/ (\w*) +(.*)$/.exec(line) ?? [];
    expect(word, `a label or a continuation in "${line}"`).toBeDefined();
    if (word) {
      label = LABELS.find((known) => known === word);
      if (!label) throw new Error(`unknown label "${word}" in "${line}"`);
      head.labels.push(label);
    }
    if (!label) throw new Error(`no label before "${line}"`);
    head.sections[label] = `${head.sections[label] ?? ''} ${rest}`;
  }
  return head;
}

const read = (url: URL) => readFile(fileURLToPath(url), 'utf8');
const hasWord = (text: string, word: string) => new RegExp(`(?<!\\w)${word}(?!\\w)`).test(text);

/** Texts of all modules that some case puts into the kernel. */
async function moduleTexts(spec: KernelSpec): Promise<string> {
  const urls = kernelCases.flatMap(({ steps }) =>
    steps
      .filter(({ instance }) => instance.spec.name === spec.name)
      .flatMap(({ instance }) => Object.values(instance.modules).map(({ source }) => source.href)),
  );
  const texts = await Promise.all([...new Set(urls)].map((href) => read(new URL(href))));
  return texts.join('\n');
}

describe.each(kernels)('the head of $name', (spec) => {
  it('has the title and the labels, in order', async () => {
    const { title, labels } = parseHead(await read(spec.source));
    expect(title.startsWith(`${spec.name} — `)).toBe(true);
    const expected = LABELS.filter((label) => label !== 'why' || labels.includes('why'));
    expect(labels).toEqual(expected);
    expect(basename(spec.source.pathname)).toBe(`${spec.name}.wgsl`);
  });

  it('names every binding where it belongs', async () => {
    const { sections } = parseHead(await read(spec.source));
    for (const [name, { access }] of Object.entries(spec.binds)) {
      if (access === 'uniform') continue; // the run state, the same everywhere
      const where = access === 'read' ? sections.in : sections.out;
      expect(hasWord(where ?? '', name), `${name} under ${access}`).toBe(true);
    }
  });

  it('names every dim that the body uses, and no constant that does not exist', async () => {
    const text = await read(spec.source);
    const modules = await moduleTexts(spec);
    const end = text.search(/^(?!\/\/)/m);
    const [head, body] = [text.slice(0, end), text.slice(end)];
    for (const name of spec.dims.map(constantName)) {
      const isUsed = hasWord(body, name) || hasWord(modules, name);
      expect(isUsed, `${name} is used by body or modules`).toBe(true);
      if (hasWord(body, name)) expect(hasWord(head, name), `${name} in the head`).toBe(true);
    }
    const known = [...spec.dims, ...Object.keys(spec.tunables)].map(constantName);
    const [layout = ''] = head.split('// why ');
    const written = layout.match(/\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)*\b/g) ?? [];
    for (const name of written.filter((word) => !known.includes(word) && word !== 'W')) {
      const declared =
        new RegExp(`const ${name}\\b`).test(body) || modules.includes(`const ${name}:`);
      expect(declared, `${name}, which the head speaks of, exists`).toBe(true);
    }
  });
});

describe('the files of kernels/', () => {
  const folder = new URL('../../kernels/', import.meta.url);
  const wgsl = async (path: string) =>
    (await readdir(new URL(path, folder))).filter((name) => name.endsWith('.wgsl')).sort();

  it('are the listed kernels, each with its declaration', async () => {
    expect(await wgsl('.')).toEqual(kernels.map(({ name }) => `${name}.wgsl`).sort());
  });

  it('in lib/ begin by saying what they stand for, and each is used', async () => {
    const used = kernelCases.flatMap(({ steps }) =>
      steps.flatMap(({ instance }) => Object.values(instance.modules).map(({ source }) => source)),
    );
    const names = await wgsl('lib/');
    expect(names).toEqual([...new Set(used.map((url) => basename(url.pathname)))].sort());
    for (const name of names) {
      expect(await read(new URL(`lib/${name}`, folder))).toMatch(/^\/\/ [\w ]+ — /);
    }
  });
});
