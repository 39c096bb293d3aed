import { join } from 'node:path';
import { homeFolder } from './home-folder.ts';

/** Where packed models, exported graphs and unpacked programs go: MTOK_CACHE, else the system's place for caches. */
export function defaultCacheDir(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homeFolder(),
): string {
  if (env.MTOK_CACHE) return env.MTOK_CACHE;
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'mtok');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'mtok');
  return join(env.XDG_CACHE_HOME ?? join(home, '.cache'), 'mtok');
}
