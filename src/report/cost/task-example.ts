/** The file that `mtok cost task --example` prints: every kind of field, with what it means. */
export const EXAMPLE_UNIT = `# What one unit of work costs: mtok cost task FILE.yaml
#
# Two kinds of spread, kept apart in the result:
#   calls, turns, tokens and gb differ from unit to unit: 2..5 (any of them, alike likely),
#     {values: [1, 4], weights: [3, 1]}, {poisson: 2.4}, and for tokens and gb {triangular: [50, 200, 800]};
#   prices, rates and shares are the same for all units but may not be known exactly:
#     2.85..3.50 (anything between), 3.00@2.85..3.50 (a value with its 95 % interval). A mean may be given so too.
# A price that is not known is written as unknown, or left out: the total is then unknown, and the rest "at least".
unit: support ticket
postedCallUsd: 0.01          # what one call is quoted at: gives the multiplier
claimedUsd: 0.40             # what somebody says a unit costs: gives what is left unexplained
successRate: 0.9             # of the units whose calls all came back, the share that is resolved

models:
  small:                     # self-hosted, at given rates; record: ID takes them from a measured record
    prefillTps: 20000        # tokens per second of the deployment while it does only that
    decodeTps: 1900..2100
    usdPerGpuHour: 2.85..3.50
    gpus: 1
    utilization: 0.4         # share of the paid time that serves
    successProbability: 0.95 # that one attempt at a call succeeds
    maxAttempts: 2           # failed attempts cost what others do
    escalateTo: large        # who takes over when all attempts fail
  large:                     # prices per million tokens; api: provider/model takes them from the price book
    inputUsdPerMtok: 3
    outputUsdPerMtok: 15
    cacheReadUsdPerMtok: 0.30
    escalateTo: person
    successProbability: 0.98
  person:
    usdPerCall: 5            # people take over at a price per call

steps:
  - name: dialogue           # every turn sends all that was said before
    kind: llm                # llm, embedding, lookup, moderation, tool, storage, logs, egress or other
    model: small
    turns: 3..6
    systemTokens: 1000
    userTokens: 100..300
    answerTokens: { triangular: [50, 200, 800] }
    prefixCache: inputs      # none, inputs (what was sent before is cached) or inputs-and-answers
  - name: plan
    kind: llm
    model: large
    calls: { values: [0, 1], weights: [3, 1] }
    inputTokens: 2500
    outputTokens: 400
    cachedShare: 0.4         # of the input, found in a prefix cache
  - { name: embed question, kind: embedding, calls: 1..3, inputTokens: 60, usdPerMtok: 0.02 }
  - { name: search, kind: lookup, calls: 3..7, usdPerCall: 0.0004, responseCacheShare: 0.2 }
  - { name: moderate, kind: moderation, calls: 1..2, usdPerCall: 0.0005 }
  - { name: logs, kind: logs, gb: 0.0002, usdPerGb: 0.50 }
  - { name: egress, kind: egress, gb: 0.0001, usdPerGb: 0.09 }

# Changes that are meant to save: each alone, stacked, and all at once, per resolved unit. Each says what it rests on:
# assumed: true, source: text, a record, or the price of a model of this file.
levers:
  - name: shorter history
    kind: context-trimmed    # or response-cache, prefix-cache, quantisation, smaller-model, batching, fewer-steps
    inputShare: 0.5..0.7     # of the input tokens that stay
    steps: [dialogue]        # left out: every step that it can act on
    successRate: 0.88        # with this lever; left out: as it was
    assumed: true
  - { name: cached searches, kind: response-cache, answeredShare: 0.3, steps: [search], source: logs of October }
  - { name: INT4, kind: quantisation, model: small, costFactor: 0.45..0.60, assumed: true } # or record: ID, fromRecord: ID
  - { name: plan with small, kind: smaller-model, model: large, to: small, steps: [plan] }
  - { name: one moderation, kind: fewer-steps, callsShare: 0.67, steps: [moderate], assumed: true }
`;
