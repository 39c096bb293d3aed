/** Families of versioned symbols that tell how new a system has to be. */
const FAMILIES = ['GLIBC', 'GLIBCXX'] as const;

/**
 * The newest version of each family that programs and libraries (as bytes) name, which the loader demands of the
 * system when it loads them: `{ GLIBC: '2.34', GLIBCXX: '3.4.30' }`.
 */
export function neededSymbolVersions(binaries: readonly Uint8Array[]): Record<string, string> {
  const newest: Record<string, string> = {};
  for (const bytes of binaries) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    for (const family of FAMILIES) {
      for (const [, version = ''] of text.matchAll(
        new RegExp(`\\0${family}_([0-9.]+)(?=\\0)`, 'g'),
      )) {
        if (compareVersions(version, newest[family] ?? '') > 0) newest[family] = version;
      }
    }
  }
  return newest;
}

function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
