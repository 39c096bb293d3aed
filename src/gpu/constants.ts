/**
 * The flag values that the WebGPU specification fixes, as plain constants: the globals of the same
 * names exist on a page but not in Node until Dawn is loaded.
 */
export const bufferUsage = {
  MAP_READ: 0x1,
  MAP_WRITE: 0x2,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  INDEX: 0x10,
  VERTEX: 0x20,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  INDIRECT: 0x100,
  QUERY_RESOLVE: 0x200,
} as const;

export const mapMode = { READ: 0x1, WRITE: 0x2 } as const;

export const shaderStage = { VERTEX: 0x1, FRAGMENT: 0x2, COMPUTE: 0x4 } as const;
