import { describe, expect, it } from 'vitest';
import { browserArgs } from '../../src/hosts/chromium/browser-args.ts';
import { parseRange } from '../../src/hosts/chromium/model-server.ts';
import { systemBrowserPaths } from '../../src/hosts/chromium/system-browsers.ts';
import { pageMessageSchemas, pageResultSchemas } from '../../src/hosts/page-task.ts';

describe('parseRange', () => {
  it.each([
    ['bytes=0-0', 1, [0, 0]],
    ['bytes=5-9', 10, [5, 9]],
    ['bytes=5-10', 10, null],
    ['bytes=6-5', 10, null],
    ['bytes=5-', 10, null],
    ['bytes=0-1,3-4', 10, null],
    ['bytes=-5', 10, null],
    [undefined, 10, null],
  ])('%s of %d bytes', (header, size, range) => {
    expect(parseRange(header, size)).toEqual(range);
  });
});

describe('browserArgs', () => {
  const linux = { platform: 'linux', isRoot: false, isBundled: false } as const;

  it('names the software adapter, so that none is taken for a GPU', () => {
    expect(browserArgs('software', linux)).toContain('--use-webgpu-adapter=swiftshader');
    expect(browserArgs('gpu', linux).join(' ')).not.toContain('swiftshader');
  });

  it('goes without a sandbox only where there can be none', () => {
    expect(browserArgs('gpu', linux)).not.toContain('--no-sandbox');
    expect(browserArgs('gpu', { ...linux, isRoot: true })).toContain('--no-sandbox');
    expect(browserArgs('gpu', { ...linux, isBundled: true })).toContain('--no-sandbox');
  });
});

describe('systemBrowserPaths', () => {
  it('searches PATH on Linux, for Chrome first', () => {
    const paths = systemBrowserPaths('linux', { PATH: '/usr/bin:/opt/bin' }, '/home/me');
    expect(paths[0]).toBe('/usr/bin/google-chrome-stable');
    expect(paths).toContain('/opt/bin/chromium');
  });

  it('knows where macOS and Windows install it', () => {
    expect(systemBrowserPaths('darwin', {}, '/Users/me')).toContain(
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    );
    const windows = systemBrowserPaths('win32', { PROGRAMFILES: 'C:\\Program Files' }, 'C:\\me');
    expect(windows).toHaveLength(1);
    expect(windows[0]).toContain('chrome.exe');
  });
});

describe('messages of a page', () => {
  it('are refused when they are not what the task sends', () => {
    expect(pageMessageSchemas.generate.safeParse(7).success).toBe(true);
    expect(pageMessageSchemas.generate.safeParse('<script>').success).toBe(false);
    expect(pageMessageSchemas.generate.safeParse(-1).success).toBe(false);
    expect(pageMessageSchemas.launch.safeParse('warm-up').success).toBe(true);
    expect(pageMessageSchemas.launch.safeParse('done').success).toBe(false);
    expect(pageResultSchemas.logits.safeParse({ vocab: 10 }).success).toBe(false);
  });
});
