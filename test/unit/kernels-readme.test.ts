import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { kernelsReadme } from '../../bench/kernels/readme.ts';
import { kernels } from '../../kernels/index.ts';

const readText = (url: URL) => readFile(url, 'utf8');

it('kernels/README.md is what the declarations make of it; npm run kernels:readme writes it', async () => {
  const written = await readText(new URL('../../kernels/README.md', import.meta.url));
  expect(written).toBe(await kernelsReadme(readText));
});

it('describes every kernel with its bindings, dims and tunables', async () => {
  const text = await kernelsReadme(readText);
  for (const { name, binds, dims, tunables } of kernels) {
    const [, section = ''] = text.split(`\n## ${name}\n`);
    const [own = ''] = section.split('\n## ');
    expect(own).toContain(`${name} — `);
    for (const word of [...Object.keys(binds), ...dims, ...Object.keys(tunables)]) {
      expect(own, `${word} of ${name}`).toContain(`\`${word}\``);
    }
    expect(own).not.toContain('()');
  }
});
