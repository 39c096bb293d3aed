import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';
import { BenchError } from '../../core/errors.ts';
import { homeFolder } from '../node/home-folder.ts';
import { libraryEnvironment } from '../node/vulkan.ts';
import { unpackChromium } from './bundled.ts';
import { type BrowserCommand, downloadedBrowserPath, loadPuppeteer } from './puppeteer.ts';
import { systemBrowserPaths } from './system-browsers.ts';

const VERSION_TIMEOUT_MS = 20_000;

/** A browser that starts. */
export interface FoundBrowser extends BrowserCommand {
  source: 'CHROME_PATH' | 'system' | 'puppeteer' | 'bundled';
  /** As it prints it, e.g. `Chromium 147.0.7727.0`; on Windows, where it prints nothing, `unknown`. */
  version: string;
}

/**
 * The browser to run pages in: CHROME_PATH, else an installed Chrome or Chromium, else one that
 * Puppeteer downloaded, else the one that comes with mtok (Linux x64).
 * @throws `usage` when CHROME_PATH does not start, `unsupported` when there is none, or no Puppeteer to drive it.
 */
export async function findBrowser(cacheDir: string): Promise<FoundBrowser> {
  await loadPuppeteer();
  const named = process.env.CHROME_PATH;
  if (named) return fromEnvironment(named);
  for (const path of systemBrowserPaths(process.platform, process.env, homeFolder())) {
    const browser = await startable(path, 'system');
    if (browser) return browser;
  }
  const downloaded = await downloadedBrowserPath();
  const browser = downloaded && (await startable(downloaded, 'puppeteer'));
  if (browser) return browser;
  const bundled = await bundledBrowser(cacheDir);
  if (bundled) return bundled;
  throw new BenchError('unsupported', 'No Chrome or Chromium was found', {
    hint: 'Install one, name it with CHROME_PATH, or run `npx puppeteer browsers install chrome`.',
  });
}

async function fromEnvironment(path: string): Promise<FoundBrowser> {
  const browser = await startable(path, 'CHROME_PATH');
  if (browser) return browser;
  throw new BenchError('usage', `CHROME_PATH names "${path}", which does not start`, {
    hint: 'Give the path of the browser itself, or unset CHROME_PATH.',
  });
}

async function bundledBrowser(cacheDir: string): Promise<FoundBrowser | null> {
  const bundled = await unpackChromium(cacheDir);
  if (!bundled) return null;
  const plain = await startable(bundled.path, 'bundled', {});
  // Only where the system lacks them: its own libraries fit it better.
  const env = libraryEnvironment(bundled.libraries);
  const browser = plain ?? (await startable(bundled.path, 'bundled', env));
  return browser && { ...browser, headless: 'shell' };
}

/** The browser at `path` if it starts and says its version. */
async function startable(
  path: string,
  source: FoundBrowser['source'],
  env: Record<string, string> = {},
): Promise<FoundBrowser | null> {
  try {
    await access(path, constants.X_OK);
    const version = process.platform === 'win32' ? 'unknown' : await versionOf(path, env);
    return { path, source, version, headless: true, env };
  } catch {
    return null;
  }
}

async function versionOf(path: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], {
    timeout: VERSION_TIMEOUT_MS,
    env: { ...process.env, ...env },
  });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  return line.trim() || 'unknown';
}
