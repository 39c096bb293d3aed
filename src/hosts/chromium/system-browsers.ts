import { join } from 'node:path';

/** Commands under which Linux distributions install Chrome and Chromium. */
const COMMANDS = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser'];

/** Paths where a Chrome or Chromium may be installed, best first. None is checked. */
export function systemBrowserPaths(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  home: string,
): string[] {
  if (platform === 'darwin') {
    const apps = ['Google Chrome', 'Chromium'];
    return ['/Applications', join(home, 'Applications')].flatMap((folder) =>
      apps.map((app) => join(folder, `${app}.app`, 'Contents', 'MacOS', app)),
    );
  }
  if (platform === 'win32') {
    const roots = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA];
    return roots
      .filter((root) => root !== undefined)
      .map((root) => join(root, 'Google', 'Chrome', 'Application', 'chrome.exe'));
  }
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
}
