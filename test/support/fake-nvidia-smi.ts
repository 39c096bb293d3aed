import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { temporaryFolder } from './model-directory.ts';

/**
 * A folder with an `nvidia-smi` of an older driver: it knows neither instant power nor clock event reasons, and
 * tells of one GPU that draws 100 W, with the time as it is.
 */
const SCRIPT = `#!/bin/sh
case "$*" in
  *power.draw.instant*) echo 'Field "power.draw.instant" is not a valid field to query.'; exit 2 ;;
  *clocks_event_reasons*) echo 'Field "clocks_event_reasons.active" is not a valid field to query.'; exit 2 ;;
esac
sample() {
  echo "$(date '+%Y/%m/%d %H:%M:%S.%3N'), 0, 1500, 2619, 100.00, 40, 1024, 90, 0x0000000000000020, NVIDIA Invented 9000"
}
case "$*" in
  *-lms*) while :; do sample; sleep 0.1; done ;;
  *) sample ;;
esac
`;

/** Puts the stand-in before all other programs; returns what undoes it. */
export async function withFakeNvidiaSmi(): Promise<() => void> {
  const folder = await temporaryFolder();
  const path = join(folder, 'nvidia-smi');
  await writeFile(path, SCRIPT);
  await chmod(path, 0o755);
  return withPath(`${folder}${delimiter}${process.env.PATH ?? ''}`);
}

/** Replaces PATH; returns what undoes it. */
export function withPath(path: string): () => void {
  const before = process.env.PATH;
  process.env.PATH = path;
  return () => {
    process.env.PATH = before;
  };
}
