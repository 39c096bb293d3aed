import type { Command } from 'commander';
import { addCostBreakeven } from './cost/breakeven.ts';
import { addCostBudget } from './cost/budget.ts';
import { addCostCapacity } from './cost/capacity.ts';
import { addCostDrift } from './cost/drift.ts';
import { addCostFit } from './cost/fit.ts';
import { addCostHour } from './cost/hour.ts';
import { addCostMargin } from './cost/margin.ts';
import { addCostScenario } from './cost/scenario.ts';
import { addCostTask } from './cost/task.ts';
import { addCostTokens } from './cost/tokens.ts';

const EXAMPLES = `
Examples:
  mtok cost tokens --record latest --gpu-price 2.85
  mtok cost tokens --prefill-tps 20000 --decode-tps 2000 --input 1500 --output 300 --gpu-price 2.85

Figures may be given as 2.85, as 2.85..3.50 (anything between), or as 3.00@2.85..3.50 (a 95 % interval).
Each command prints text; --json prints the same as JSON, --markdown as a document.`;

/** `mtok cost …`: from tokens per second to dollars. Each subcommand has a module of its own in cost/. */
export function addCost(program: Command): void {
  const cost = program
    .command('cost')
    .summary('what tokens, tasks, deployments and plans cost')
    .description('From measured or given rates to dollars, with the interval of the measurement.')
    .addHelpText('after', EXAMPLES);
  for (const add of [
    addCostTokens,
    addCostTask,
    addCostCapacity,
    addCostFit,
    addCostHour,
    addCostScenario,
    addCostBudget,
    addCostDrift,
    addCostMargin,
    addCostBreakeven,
  ]) {
    add(cost);
  }
  for (const command of cost.commands) {
    command.option('--markdown', 'print Markdown, its tables as tables');
  }
}
