import type { Browser } from 'puppeteer';
import { BenchError } from '../../core/errors.ts';

export type { Browser, Page } from 'puppeteer';

const START_TIMEOUT_MS = 60_000;

/** Loads Puppeteer (the one place that does). Throws `unsupported` where it is not installed. */
export async function loadPuppeteer(): Promise<typeof import('puppeteer').default> {
  try {
    return (await import('puppeteer')).default;
  } catch (cause) {
    throw new BenchError('unsupported', 'Puppeteer, which drives browsers, is not installed', {
      hint: 'Run mtok from a clone after `npm ci`; its offline bundle has no browser.',
      cause,
    });
  }
}

/** How to start a browser. */
export interface BrowserCommand {
  path: string;
  /** Puppeteer's name for its way to run without a window: the bundled one has no other. */
  headless: true | 'shell';
  /** Added to its environment. */
  env: Record<string, string>;
}

/** Where Puppeteer keeps the browser it downloaded, or null when it has none. */
export async function downloadedBrowserPath(): Promise<string | null> {
  const puppeteer = await loadPuppeteer();
  try {
    return puppeteer.executablePath();
  } catch {
    return null;
  }
}

/**
 * Starts a browser without a window. It is talked to over a pipe, so that it ends when this process does.
 * Where the system forbids its sandbox it starts without: only our own page is opened in it.
 * @throws `unsupported` when it does not start.
 */
export async function launchBrowser(command: BrowserCommand, args: string[]): Promise<Browser> {
  try {
    return await start(command, args);
  } catch (cause) {
    if (/sandbox/i.test(String(cause)) && !args.includes('--no-sandbox')) {
      return launchBrowser(command, [...args, '--no-sandbox']);
    }
    const reason = String(cause).replace(/\s+/g, ' ').slice(0, 500);
    throw new BenchError('unsupported', `${command.path} does not start: ${reason}`, {
      hint: 'Name another browser with CHROME_PATH, or run `mtok doctor`.',
      cause,
    });
  }
}

async function start({ path, headless, env }: BrowserCommand, args: string[]): Promise<Browser> {
  return (await loadPuppeteer()).launch({
    executablePath: path,
    headless,
    args,
    env: { ...process.env, ...env },
    pipe: true,
    timeout: START_TIMEOUT_MS,
    protocolTimeout: 0,
  });
}
