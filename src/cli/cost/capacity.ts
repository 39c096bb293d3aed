import { type Command, Option } from 'commander';
import { LATENCY_METRICS, LATENCY_STATISTICS } from '../../economics/capacity/latency.ts';
import type { CapacityArguments } from './capacity-options.ts';

/** Limits that the help lists; the others work alike. */
const LISTED: readonly string[] = ['ttft-p99', 'tpot-p90', 'e2e-p99'];

const EXAMPLES = `
Examples:
  mtok cost capacity curve.csv --slo-ttft-p99 500
  mtok cost capacity curve.csv --config C2 --slo-ttft-p99 200 --slo-tpot-p90 50 --at 20
  mtok cost capacity curve.csv --slo-ttft-p99 500 --profile even.csv --profile office.csv
  mtok cost capacity --store results --gpu-price 2.85
  mtok cost capacity --erlang --arrival-rate 2.5 --service-seconds 1 --max-wait-probability 0.1

The first, where curve.csv is
  offered_rps,achieved_rps,output_tps,ttft_p99_ms,gpus,usd_per_gpu_hour
  5,5,1280,80,1,2.85
  20,19.5,4992,210,1,2.85
  40,31,7936,1900,1,2.85
finds load 20: $0.159 per million output tokens, 1.59 times the $0.0998 of load 40.
The last needs 6 servers: with 5, 13.0 % of the requests wait, with 6 it is 4.74 %.

Curves: a row per run. Rows of the same load are repeated runs; a column config tells deployments
apart. Latencies are named by metric, statistic and unit, such as ttft_p99_ms or e2e_mean_s. Results
of vllm-cost-meter are read as they are. Only measured loads are judged; between them tokens per
second are interpolated, never costs; beyond them nothing is known.
Limits: --slo-<metric>-<statistic> with ${LATENCY_METRICS.join(', ')}
and ${LATENCY_STATISTICS.join(', ')}.
Traffic: CSV with columns hour,rps (24 or 168 rows, repeating), seconds,rps (bins of a trace), or a
timestamp for each request. Replicas start as much ahead as their cold start takes.`;

/** `mtok cost capacity`: what tokens cost at a load, how much load an SLO allows, and what traffic makes of that. */
export function addCostCapacity(cost: Command): void {
  const command = cost
    .command('capacity')
    .summary('what a load costs, within an SLO and over a day of traffic')
    .description('From a load curve: cost at each load, the largest load within an SLO, replicas.')
    .argument('[curve]', 'CSV file of offered load, throughput and latencies')
    .option('--store <path>', 'curves from records of several batch sizes instead of a file')
    .option('--config <name>', 'only configurations of this name; repeatable', collect)
    .option('--gpu-price <usd>', "USD per GPU-hour (default: the file's or the records')")
    .option('--gpus <number>', 'GPUs of a deployment, where the file does not say (default: 1)')
    .option('--price-basis <basis>', 'what a price in the file is of: total or per-gpu');
  for (const option of sloOptions()) command.addOption(option);
  command
    .option('--max-error-rate <share>', 'of the requests that may fail, as 0.01 or 1%')
    .option('--min-served <share>', 'of the offered requests that must be served, as 0.95 or 95%')
    .option('--contiguous', 'take the largest load below the first that is not within the SLO')
    .option('--at <load>', 'cost at this load; repeatable', collect)
    .option('--profile <csv>', 'traffic to serve; repeatable: shapes are compared', collect)
    .option('--bin-seconds <seconds>', 'width of the bins that timestamps are counted in', '60')
    .option('--target-load <share>', 'of its capacity that a replica is loaded up to', '1')
    .option('--min-replicas <number>', 'replicas that are always there', '1')
    .option('--cold-start <seconds>', 'from the start of a replica until it serves', '0')
    .option('--scale-down-delay <seconds>', 'for which a replica stays unneeded', '0')
    .option('--shared-usd-per-hour <usd>', 'of gateways and other services beside replicas', '0')
    .option('--erlang', 'servers of a stage without batches, instead of a curve')
    .option('--arrival-rate <rate>', 'with --erlang: requests per second')
    .option('--service-seconds <seconds>', 'with --erlang: time that a request takes')
    .option('--servers <number>', 'with --erlang: figures of this many servers')
    .option('--max-wait-probability <share>', 'with --erlang: of the requests that may wait')
    .option('--max-wait-seconds <seconds>', 'with --erlang: longest mean wait')
    .option('--server-price <usd>', 'with --erlang: USD per hour of a server')
    .option('--seed <number>', 'of the draws behind intervals (default: 0)')
    .option('--out <file>', 'write to a file instead')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (curve: string | undefined, options: CapacityArguments) => {
      const { costCapacityCommand } = await import('./capacity-command.ts');
      process.exitCode = await costCapacityCommand(curve, options);
    });
}

function sloOptions(): Option[] {
  return LATENCY_METRICS.flatMap((metric) =>
    LATENCY_STATISTICS.map((statistic) => {
      const name = `${metric}-${statistic}`;
      const option = new Option(
        `--slo-${name} <ms>`,
        `longest ${metric.toUpperCase()} ${statistic}`,
      );
      return LISTED.includes(name) ? option : option.hideHelp();
    }),
  );
}

function collect(value: string, values: string[] = []): string[] {
  return [...values, value];
}
