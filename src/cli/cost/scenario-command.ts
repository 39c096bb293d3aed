import { basename } from 'node:path';
import { MAX_YAML_CHARACTERS } from '../../economics/files/yaml-document.ts';
import { judgeClaim, scenarioOf } from '../../economics/scenario/scenario.ts';
import { readScenarios } from '../../economics/scenario/scenario-file.ts';
import { type ShownScenarios, scenariosJson } from '../../report/cost/scenario-json.ts';
import { renderScenarios } from '../../report/cost/scenario-text.ts';
import { EXIT } from '../failure.ts';
import { readTextFile } from './read-text-file.ts';
import { resultText } from './result-text.ts';
import {
  type CostScenarioArguments,
  type ScenarioRequest,
  scenarioRequest,
} from './scenario-options.ts';

const FILE_RULE = { what: 'a YAML file of scenarios', maxBytes: MAX_YAML_CHARACTERS };

/** Runs `mtok cost scenario`. Throws `usage` for options and files that are wrong, `io` for one that cannot be read. */
export async function costScenarioCommand(
  file: string | null,
  argv: CostScenarioArguments,
): Promise<number> {
  const content =
    file === null ? null : readScenarios(await readTextFile(file, FILE_RULE), basename(file));
  const request = scenarioRequest(argv, content);
  const isOverview = request.scenarios.length > 1 && !argv.details && !argv.json;
  const shown = shownScenarios(isOverview ? { ...request, moments: ends(request) } : request);
  process.stdout.write(
    resultText(
      argv,
      () => scenariosJson(shown),
      () => renderScenarios(shown, argv.details ?? false),
    ),
  );
  return EXIT.ok;
}

/** Thousands of draws for each moment of each scenario would be made for nothing. */
function ends({ moments }: ScenarioRequest): number[] {
  return moments.slice(-1);
}

function shownScenarios(request: ScenarioRequest): ShownScenarios {
  const { scenarios, moments, unit, claim, posted, implied, seed } = request;
  return {
    scenarios: scenarios.map(({ name, ...inputs }) => {
      const result = scenarioOf(inputs, moments, { seed });
      const verdict = claim === null ? null : judgeClaim(claim, result.spendFactorPerYear);
      return { name, inputs, result, verdict };
    }),
    unit,
    claim,
    posted,
    implied,
    seed,
  };
}
