import type { Inputs, Results } from '../../economics/propagate.ts';
import type { Quantity } from '../../economics/quantity.ts';
import type { PostedPriceInput, PostedPriceResult } from '../../economics/scenario/posted-price.ts';
import type {
  ClaimVerdict,
  ScenarioInput,
  ScenarioResult,
  SpendClaim,
} from '../../economics/scenario/scenario.ts';
import { figureJson, figuresJson } from './figure.ts';

/** The prices behind a spend that was not given. */
export interface ShownPostedPrice {
  inputs: Inputs<PostedPriceInput>;
  results: Results<PostedPriceResult>;
}

export interface ShownScenario {
  name: string;
  inputs: Inputs<ScenarioInput>;
  result: ScenarioResult;
  /** Null where nothing was claimed. */
  verdict: ClaimVerdict | null;
}

/** One answer of `mtok cost scenario`. */
export interface ShownScenarios {
  scenarios: readonly ShownScenario[];
  unit: 'year' | 'month';
  claim: SpendClaim | null;
  posted: ShownPostedPrice | null;
  /** A factor a year that the spend at the end gave. */
  implied: { isDemand: boolean; factorPerYear: Quantity } | null;
  seed: number;
}

export function scenariosJson({ scenarios, claim, posted, implied, seed }: ShownScenarios) {
  return {
    scenarios: scenarios.map(({ name, inputs, result, verdict }) => {
      const { points, ...figures } = result;
      return {
        name,
        inputs: figuresJson(inputs),
        ...figuresJson(figures),
        ...(verdict === null ? {} : { claim: { spend: claim, verdict } }),
        points: points.map(({ years, ...point }) => ({ years, ...figuresJson(point) })),
      };
    }),
    ...(posted === null
      ? {}
      : { prices: { ...figuresJson(posted.inputs), ...figuresJson(posted.results) } }),
    ...(implied === null
      ? {}
      : {
          implied: {
            [implied.isDemand ? 'volumeFactorPerYear' : 'priceFactorPerYear']: figureJson(
              implied.factorPerYear,
            ),
          },
        }),
    seed,
  };
}
