#!/usr/bin/env node
// Runs the TypeScript sources directly, so that a clone needs no build step after `npm ci`.
import { register } from 'tsx/esm/api';

register();
const { start } = await import('../src/cli/start.ts');
await start(process.argv);
