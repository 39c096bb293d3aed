/** What one GPU rents for by the hour, with its source. The user's `--gpu-price` always wins. */
export interface GpuPrice {
  /** Short name, shown in tables and flags. */
  gpu: string;
  /** Matched against the adapter's name. */
  pattern: RegExp;
  provider: string;
  usdPerHour: number;
  source: string;
  /** Day on which the source was read; the source itself may be older. */
  date: string;
}

const nebius = {
  provider: 'nebius',
  source: 'Nebius on demand, SkyPilot catalog v8 (undated copy)',
  date: '2026-11-21',
};
const lambda = {
  provider: 'lambda',
  source: 'Lambda on demand, SkyPilot catalog v8 (undated copy)',
  date: '2026-11-21',
};
const runpod = {
  provider: 'runpod',
  source: 'RunPod secure cloud, SkyPilot catalog v8 (undated copy)',
  date: '2026-11-21',
};
const runpodServerless = {
  provider: 'runpod',
  source: 'RunPod serverless, active worker, docs.runpod.io/serverless/pricing (undated copy)',
  date: '2026-11-21',
};
const inferenceX = {
  provider: '3-year-rental',
  source: 'InferenceX GPU_SPECS, 3-year rental',
  date: '2026-04-03',
};

/** More specific names first: the first pattern that matches is taken. */
export const GPU_PRICES: readonly GpuPrice[] = [
  { gpu: 'GB200', pattern: /\bGB200\b/i, usdPerHour: 3.3, ...inferenceX },
  { gpu: 'B200', pattern: /\bB200\b/i, usdPerHour: 5.5, ...nebius },
  { gpu: 'H200', pattern: /\bH200\b/i, usdPerHour: 3.5, ...nebius },
  { gpu: 'H100', pattern: /\bH100\b/i, usdPerHour: 2.95, ...nebius },
  { gpu: 'A100 80GB', pattern: /\bA100\b.*\b80 ?GB\b/i, usdPerHour: 1.39, ...runpod },
  { gpu: 'A40', pattern: /\bA40\b/i, usdPerHour: 0.864, ...runpodServerless },
  { gpu: 'L40S', pattern: /\bL40S\b/i, usdPerHour: 1.5484, ...nebius },
  { gpu: 'L40', pattern: /\bL40\b/i, usdPerHour: 1.332, ...runpodServerless },
  { gpu: 'L4', pattern: /\bL4\b/i, usdPerHour: 0.468, ...runpodServerless },
  { gpu: 'V100', pattern: /\bV100\b/i, usdPerHour: 0.79, ...lambda },
  {
    gpu: 'RTX 6000 Ada',
    pattern: /\bRTX 6000 Ada\b/i,
    usdPerHour: 1.332,
    ...runpodServerless,
  },
  { gpu: 'RTX A6000', pattern: /\bA6000\b/i, usdPerHour: 1.09, ...lambda },
  { gpu: 'RTX A5000', pattern: /\bA5000\b/i, usdPerHour: 0.468, ...runpodServerless },
  { gpu: 'RTX 4090', pattern: /\bRTX 4090\b/i, usdPerHour: 0.756, ...runpodServerless },
  { gpu: 'RTX 3090', pattern: /\bRTX 3090\b(?! Ti)/i, usdPerHour: 0.468, ...runpodServerless },
  { gpu: 'MI355X', pattern: /\bMI355X\b/i, usdPerHour: 2.1, ...inferenceX },
  { gpu: 'MI325X', pattern: /\bMI325X\b/i, usdPerHour: 1.8, ...inferenceX },
  { gpu: 'MI300X', pattern: /\bMI300X\b/i, usdPerHour: 1.55, ...inferenceX },
];

/** The GPU whose price stands in where no GPU computed. */
export const STAND_IN_GPU = 'H100';

/** Cut-down versions that share a name with something dearer. */
const NOT_THE_SAME = /laptop|mobile|max-q|\bMIG\b/i;

/** The listed price of an adapter, or null when the list does not know it. */
export function findGpuPrice(adapterName: string): GpuPrice | null {
  if (NOT_THE_SAME.test(adapterName)) return null;
  return GPU_PRICES.find((price) => price.pattern.test(adapterName)) ?? null;
}
