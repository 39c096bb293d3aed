/**
 * Who may import whom. Checked by `npm run rules`; test/unit/rules.test.ts proves that a turned-round import fails.
 * Type imports count: a layer that names another's types depends on it.
 */

/** Every folder of our own code: what it may import of the others. `hosts/shared` are files directly in src/hosts. */
const layers = {
  core: [],
  gpu: ['core'],
  kernels: ['core'],
  model: ['core', 'gpu', 'kernels'],
  backends: ['core', 'gpu', 'kernels', 'model'],
  measure: ['core', 'model'],
  quality: ['core'],
  economics: ['core'],
  store: ['core'],
  report: ['core', 'economics'],
  imports: ['core'],
  bench: ['core', 'gpu', 'kernels', 'model', 'backends'],
  hosts: ['core', 'gpu', 'model', 'backends', 'measure', 'bench'],
  cli: [
    'core',
    'model',
    'measure',
    'economics',
    'store',
    'report',
    'imports',
    'quality',
    'hosts',
    'bench',
  ],
  packaging: ['core', 'hosts'],
  web: ['core', 'gpu', 'model', 'backends', 'measure', 'economics', 'report', 'quality', 'hosts'],
};

const OUTSIDE_SRC = ['kernels', 'bench'];
const folderOf = (layer) => (OUTSIDE_SRC.includes(layer) ? `^${layer}/` : `^src/${layer}/`);

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  comment: `${layer} may import ${allowed.join(', ') || 'nothing of ours'}.`,
  severity: 'error',
  from: { path: folderOf(layer) },
  to: {
    path: '^(src|kernels|bench|test)/',
    pathNot: [folderOf(layer), ...allowed.map(folderOf), ...exceptions(layer)],
  },
}));

/** Single files that a layer may import beyond its list. */
function exceptions(layer) {
  switch (layer) {
    case 'kernels': // their declaration's type
      return ['^src/gpu/kernel\\.ts$'];
    case 'measure': // the interface that every engine is measured through
      return ['^src/backends/backend\\.ts$'];
    default:
      return [];
  }
}

/** Each foreign engine has one door. */
const engines = {
  webgpu: '^src/hosts/node/dawn\\.ts$',
  // The bare script is held against our sessions, so it may use none of them.
  'onnxruntime-node': '^(src/backends/ort/runtime|bench/ort-cpu-script)\\.ts$',
  'onnxruntime-web': '^src/backends/ort/web',
  '@huggingface/transformers': '^src/model/tokenizer\\.ts$',
  'puppeteer(-core)?': '^src/hosts/chromium/puppeteer\\.ts$',
  '@sparticuz/chromium': '^src/hosts/',
  '@duckdb/node-api': '^src/store/duckdb\\.ts$',
  '@pydantic/genai-prices': '^src/economics/prices/genai-prices\\.ts$',
  commander: '^src/cli/',
  protobufjs: '^src/model/onnx/',
};

const engineRules = Object.entries(engines).map(([name, door]) => ({
  name: `one-door-${name.replace(/\W+/g, '-')}`,
  comment: `Only ${door} imports ${name}.`,
  severity: 'error',
  from: { path: '^(src|kernels|bench)/', pathNot: [door] },
  to: { path: `node_modules/${name}(/|$)` },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    ...engineRules,
    {
      name: 'no-circular',
      comment: 'Modules that need each other are one module, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'backends-apart',
      comment:
        'Backends share the interface, the checks and what is of their own engine, never each other.',
      severity: 'error',
      from: { path: '^src/backends/([^/.]+)[/.]', pathNot: ['^src/backends/index\\.ts$'] },
      to: {
        path: '^src/backends/',
        pathNot: [
          '^src/backends/(backend|checks)\\.ts$',
          '^src/backends/$1[/.]',
          '^src/backends/ort/',
        ],
      },
    },
    {
      name: 'ort-only-for-ort',
      comment: 'src/backends/ort is the part that the ONNX Runtime backends share.',
      severity: 'error',
      from: { path: '^src/backends/', pathNot: ['^src/backends/(ort|index)'] },
      to: { path: '^src/backends/ort/' },
    },
    {
      name: 'node-only-where-node-is',
      comment: 'The rest must run on a page.',
      severity: 'error',
      from: {
        path: '^(src|kernels)/',
        pathNot: ['^src/(hosts/node|hosts/chromium|store|cli|packaging)/', '^src/backends/ort'],
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nobody-imports-the-top',
      severity: 'error',
      from: { pathNot: ['^src/(cli|web)/', '^bin/', '^test/'] },
      to: { path: '^src/(cli|web)/' },
    },
    {
      name: 'no-orphans',
      comment: 'A module that nothing reaches is dead code.',
      severity: 'error',
      from: { orphan: true, pathNot: ['^bench/'] },
      to: {},
    },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: { path: '^(src|kernels|bench)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    {
      name: 'no-development-packages',
      comment: 'What runs after `npm ci --omit=dev` may not need them.',
      severity: 'error',
      from: { path: '^(src|kernels|bench)/', pathNot: ['^src/web/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: 'swc', // the one of its parsers that reads TypeScript without TypeScript's own API
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
