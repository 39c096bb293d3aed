import { readFileSync } from 'node:fs';
import { toBenchError } from '../core/errors.ts';
import { offlineBundle } from '../hosts/node/offline-bundle.ts';

/** The version in package.json. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) {
    return String(parsed.version);
  }
  return 'unknown';
}

/** What `--version` prints: the version, and of an offline bundle what it was built from. Never throws. */
export function versionText(): string {
  const version = packageVersion();
  try {
    const bundle = offlineBundle();
    if (!bundle) return version;
    const { platform, commit } = bundle.manifest;
    return `${version} (offline bundle, ${platform}, commit ${commit ?? 'unknown'})`;
  } catch (error) {
    return `${version} (offline bundle; ${toBenchError(error).message})`;
  }
}
