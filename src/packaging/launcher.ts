/**
 * The program at the bundle's root. A POSIX shell's own words only, since PATH may be empty. It leaves
 * LD_LIBRARY_PATH alone: mtok itself falls back on the loader in vulkan/ where the system has none.
 */
export const LAUNCHER = `#!/bin/sh
# Starts mtok with the Node beside it.
program=$0
if [ -L "$program" ]; then program=$(readlink -f "$program") || exit 1; fi
case $program in
  */*) here=\${program%/*} ;;
  *) here=. ;;
esac
exec "$here/bin/node" "$here/bin/mtok.js" "$@"
`;

/** The bundle's bin/mtok.js: that of a clone without the translation of TypeScript. */
export const ENTRY = `import { start } from '../src/cli/start.js';

await start(process.argv);
`;

/** Stands for a package that is imported but never used. */
export function stubPackage(name: string): { packageJson: string; code: string } {
  return {
    packageJson: `${JSON.stringify({ name, version: '0.0.0', type: 'module', main: 'index.js' })}\n`,
    code: `export default function () {
  throw new Error('The package ${name} is not in the offline bundle');
}
`,
  };
}
