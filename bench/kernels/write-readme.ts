import { readFile, writeFile } from 'node:fs/promises';
import { kernelsReadme } from './readme.ts';

/** Writes kernels/README.md anew; run by `npm run kernels:readme`. */
const text = await kernelsReadme((url) => readFile(url, 'utf8'));
await writeFile(new URL('../../kernels/README.md', import.meta.url), text);
