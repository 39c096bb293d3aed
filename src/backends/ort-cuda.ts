import type { CreateBackend } from './backend.ts';
import { createOrtBackend } from './ort/open.ts';

export const createBackend: CreateBackend = (environment) =>
  createOrtBackend('ort-cuda', environment);
