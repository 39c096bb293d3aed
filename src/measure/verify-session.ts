import { canaryChanges, launchPairs } from '../core/canary.ts';
import { type Difference, differences } from '../core/differences.ts';
import type { BenchRecord } from '../core/record.ts';
import { sessionFlags } from '../core/session-flags.ts';
import type { SessionRecord } from '../core/session-record.ts';

/** Room for another machine's last digits in logarithms. */
const TOLERANCE = 1e-9;

/**
 * Where a session's record differs from what its canary's samples and the launches of its run's records give: pairs of
 * launches, changes with their limits, and the codes of its flags. Counts of clocks are taken as they are stored.
 */
export function verifySession(
  session: SessionRecord,
  records: readonly BenchRecord[],
): Difference[] {
  const { canary } = session;
  const ofRun = records.filter(({ run }) => run === session.run);
  const again =
    canary === null
      ? null
      : (() => {
          const pairs = launchPairs(canary.cell, ofRun);
          const samples = { launches: canary.launches, launchLogRatios: pairs };
          return { ...canary, ...samples, changes: canaryChanges(samples) };
        })();
  const codes = (flags: SessionRecord['flags']) => flags.map(({ code }) => code);
  return [
    ...differences(canary, again, TOLERANCE, 'canary'),
    ...differences(
      codes(session.flags),
      codes(sessionFlags({ ...session, canary: again })),
      0,
      'flags',
    ),
  ];
}
