import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The user's folder; where none is known (no HOME, a user without an entry), one for temporary files. */
export function homeFolder(home: () => string = homedir): string {
  try {
    const folder = home();
    if (isAbsolute(folder)) return folder;
  } catch {
    // The system does not know the user either.
  }
  return join(tmpdir(), `mtok-home-${process.getuid?.() ?? 'user'}`);
}
