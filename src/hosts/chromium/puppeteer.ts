import puppeteer, { type Browser } from 'puppeteer';
import { BenchError } from '../../core/errors.ts';

export type { Browser, Page } from 'puppeteer';

const START_TIMEOUT_MS = 60_000;

/** How to start a browser. */
export interface BrowserCommand {
  path: string;
  /** Puppeteer's name for its way to run without a window: the bundled one has no other. */
  headless: true | 'shell';
  /** Added to its environment. */
  env: Record<string, string>;
}

/** Where Puppeteer keeps the browser it downloaded, or null when it has none. */
export function downloadedBrowserPath(): string | null {
  try {
    return puppeteer.executablePath();
  } catch {
    return null;
  }
}

/**
 * Starts a browser without a window. It is talked to over a pipe, so that it ends when this process does.
 * @throws `unsupported` when it does not start.
 */
export async function launchBrowser(found: BrowserCommand, args: string[]): Promise<Browser> {
  try {
    return await puppeteer.launch({
      executablePath: found.path,
      headless: found.headless,
      args,
      env: { ...process.env, ...found.env },
      pipe: true,
      timeout: START_TIMEOUT_MS,
      protocolTimeout: 0,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new BenchError('unsupported', `${found.path} does not start: ${reason}`, {
      hint: 'Name another browser with CHROME_PATH, or run `mtok doctor`.',
      cause,
    });
  }
}
