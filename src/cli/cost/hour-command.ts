import { cellName } from '../../core/cell-name.ts';
import { longerTimes } from '../../economics/ownership/longer-times.ts';
import { propagate } from '../../economics/propagate.ts';
import { exact, isKnown, type Quantity } from '../../economics/quantity.ts';
import { hourJson, type NamedFigures, type ShownHour } from '../../report/cost/hour-json.ts';
import { ownPriceYaml } from '../../report/cost/hour-price.ts';
import { renderHour } from '../../report/cost/hour-text.ts';
import { EXIT, usageError } from '../failure.ts';
import { chooseRecords } from './choose-records.ts';
import { givenPrice } from './given-price.ts';
import { flagOf, HOUR_FIGURE_NAMES, type HourKind } from './hour-figures.ts';
import {
  committedHour,
  edgeHour,
  type HourAnswer,
  ownedHourAnswer,
  rentedHour,
  spotHourAnswer,
} from './hour-kinds.ts';
import { type CostHourArguments, type HourRequest, parseHourRequest } from './hour-options.ts';
import { energySection, recordEnergySection, servedSection } from './hour-served.ts';
import { resultText } from './result-text.ts';

const ANSWERS: Readonly<Record<Exclude<HourKind, 'energy'>, (request: HourRequest) => HourAnswer>> =
  {
    rented: rentedHour,
    spot: spotHourAnswer,
    committed: committedHour,
    owned: ownedHourAnswer,
    edge: edgeHour,
  };

const ALL_IN: readonly HourKind[] = ['rented', 'spot', 'committed'];

/** Runs `mtok cost hour`. Throws `usage` for options and ids, `io` and `record` for a store that cannot be read. */
export async function costHourCommand(kind: string, argv: CostHourArguments): Promise<number> {
  const { request, source } = await withListedPrice(parseHourRequest(kind, argv), argv);
  const answered = await shownHour(request);
  const shown = source === null ? answered : { ...answered, notes: [source, ...answered.notes] };
  if (request.asPrice !== null) {
    if (argv.json || argv.markdown) {
      throw usageError('Give either --as-price, which prints YAML, or --json or --markdown');
    }
    process.stdout.write(priceText(request.asPrice, shown, argv));
  } else {
    process.stdout.write(
      resultText(
        argv,
        () => hourJson(shown),
        () => renderHour(shown),
      ),
    );
  }
  return EXIT.ok;
}

/** The request with the price of --gpu in the price book, and a note that says where it is from. */
async function withListedPrice(
  request: HourRequest,
  { gpu, prices }: CostHourArguments,
): Promise<{ request: HourRequest; source: string | null }> {
  if (gpu === undefined) return { request, source: null };
  const listed = await givenPrice({ gpu, gpuKind: request.kind, ...(prices && { prices }) });
  if (listed === null || !isKnown(listed.price)) {
    throw usageError(`The price of ${gpu} is not known`, 'Give it with --price.');
  }
  const figures = { ...request.figures, price: listed.price };
  return { request: { ...request, figures }, source: `Price: ${listed.source}.` };
}

async function shownHour(request: HourRequest): Promise<ShownHour> {
  const { kind, gpus, seed } = request;
  if (kind === 'energy') return energyHour(request);
  const answer = ANSWERS[kind](request);
  const { usdPerGpuHour } = answer;
  const isDevice = kind === 'edge';
  const sections = {
    ...answer.sections,
    ...(isDevice || kind === 'committed' ? {} : { periods: periods(usdPerGpuHour, gpus, seed) }),
    ...(isDevice
      ? {}
      : { served: servedSection(request, usdPerGpuHour), energy: energySection(request) }),
  };
  return {
    ...answer,
    kind,
    gpus,
    sections: Object.fromEntries(
      Object.entries(sections).filter(([, figures]) => Object.keys(figures).length > 0),
    ),
    notes: [...answer.notes, ...powerNotes(request), ...servedNotes(sections.served ?? {})],
    record: null,
    seed,
  };
}

function periods(usdPerGpuHour: Quantity, gpus: number, seed: number): NamedFigures {
  const { allPer730Hours, ...ofOne } = propagate(
    { usdPerGpuHour, gpus: exact(gpus) },
    longerTimes,
    { seed },
  );
  return gpus === 1 ? ofOne : { ...ofOne, allPer730Hours };
}

/** A rent has power in it: said where power was given, so that nobody adds it. */
function powerNotes({ kind, figures }: HourRequest): string[] {
  if (!ALL_IN.includes(kind)) return [];
  return figures.powerKw === null
    ? ['A rent is all-in: power, cooling and hosting are in it. Add none of them.']
    : ['A rent is all-in: the electricity of --power-kw is in it and was not added.'];
}

function servedNotes(served: NamedFigures): string[] {
  if (served.allOnOutputUsdPerMtok === undefined || served.allOnInputUsdPerMtok === undefined) {
    return [];
  }
  return ['Each all-on price pays the whole bill alone: never add them.'];
}

async function energyHour(request: HourRequest): Promise<ShownHour> {
  const { gpus, seed, figures } = request;
  const { pue, tariff } = figures;
  const inputs = {
    pue: pue ?? exact(1),
    ...(tariff === null ? {} : { usdPerKilowattHour: tariff }),
    ...(figures.powerKw === null ? {} : { powerKw: figures.powerKw }),
    ...(figures.inputTps === null ? {} : { inputTps: figures.inputTps }),
    ...(figures.outputTps === null ? {} : { outputTps: figures.outputTps }),
  };
  const common = { kind: 'energy', gpus, inputs, items: {}, usdPerGpuHour: null, seed };
  const whole =
    'Electricity alone: of a rent it is a part, of an owned GPU an item beside the purchase.';
  if (request.record === null) {
    return {
      ...common,
      sections: { energy: energySection(request) },
      notes: [whole],
      record: null,
    };
  }
  const [record] = await chooseRecords([request.record], request.store);
  if (record === undefined) throw usageError('--record names no record');
  const energy = recordEnergySection(record, request);
  return {
    ...common,
    sections: { energy: energy.figures },
    notes: [...energy.notes, whole],
    record: {
      id: record.id,
      name: cellName(record.cell),
      device: record.device?.name ?? 'unknown',
    },
  };
}

function priceText(name: string, { kind, usdPerGpuHour }: ShownHour, argv: CostHourArguments) {
  if (usdPerGpuHour === null || !isKnown(usdPerGpuHour)) {
    const reason = usdPerGpuHour === null ? '' : `: ${usdPerGpuHour.reason}`;
    throw usageError(`--as-price has no price to print${reason}`);
  }
  const options = HOUR_FIGURE_NAMES.flatMap((one) => {
    const text = argv[one];
    return text === undefined ? [] : [`${flagOf(one)} ${text}`];
  });
  return ownPriceYaml({
    gpu: name,
    usdPerGpuHour,
    source: ['mtok cost hour', kind, `--gpus ${argv.gpus}`, ...options].join(' '),
    readOn: new Date().toISOString().slice(0, 10),
  });
}
