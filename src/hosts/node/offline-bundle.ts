import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { BenchError } from '../../core/errors.ts';

/** The root of a clone, or of an unpacked bundle, whose files lie as those of a clone do. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Each archive that was unpacked here left a manifest of its own files. */
const MAIN_MANIFEST = 'bundle.json';
const PART_MANIFEST = /^bundle-[\w-]+\.json$/;

const fileSchema = z.object({
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What an archive says of itself. */
export const bundleManifestSchema = z.object({
  /** `mtok`, or the name of what an archive adds to it. */
  name: z.string(),
  version: z.string(),
  platform: z.string(),
  /** Of the sources it was built from, `-dirty` behind it when they were changed; null outside of a clone. */
  commit: z.string().nullable(),
  /** Versions of what is carried. */
  carries: z.record(z.string(), z.string()),
  /** Newest versions of symbols that the programs ask of the system's libraries, as `GLIBC: 2.34`. */
  needs: z.record(z.string(), z.string()),
  /** Every file of the archive but the manifest, by its path from the root. */
  files: z.record(z.string(), fileSchema),
});
export type BundleManifest = z.infer<typeof bundleManifestSchema>;

/** The bundle that this program runs from. */
export interface OfflineBundle {
  root: string;
  manifest: BundleManifest;
  /** Manifests of the archives unpacked over it. */
  parts: BundleManifest[];
}

let found: OfflineBundle | null | undefined;

/** The bundle that runs, or null in a clone. Throws `io` when its manifest is damaged. */
export function offlineBundle(): OfflineBundle | null {
  found ??= readBundle(ROOT);
  return found;
}

/** The bundle unpacked in `root`, or null where there is none. Throws `io` when a manifest is damaged. */
export function readBundle(root: string): OfflineBundle | null {
  const names = readdirSync(root);
  if (!names.includes(MAIN_MANIFEST)) return null;
  const parts = names.filter((name) => PART_MANIFEST.test(name)).sort();
  return {
    root,
    manifest: readManifest(join(root, MAIN_MANIFEST)),
    parts: parts.map((name) => readManifest(join(root, name))),
  };
}

/** Name of the manifest that the archive `name` carries. */
export function manifestName(name: string): string {
  return name === 'mtok' ? MAIN_MANIFEST : `bundle-${name}.json`;
}

function readManifest(path: string): BundleManifest {
  try {
    return bundleManifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new BenchError('io', `${path} is damaged`, { hint: 'Unpack the bundle again.', cause });
  }
}

/** Paths of files that are missing or not as they were packed; empty for a whole bundle. */
export async function damagedFiles({ root, manifest, parts }: OfflineBundle): Promise<string[]> {
  const damaged: string[] = [];
  for (const { files } of [manifest, ...parts]) {
    for (const [path, { sha256 }] of Object.entries(files)) {
      const actual = await sha256Of(join(root, path)).catch(() => null);
      if (actual !== sha256) damaged.push(path);
    }
  }
  return damaged;
}

/** SHA-256 of a file's bytes, hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
