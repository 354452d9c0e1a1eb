/** What other programs read in Redis of what happens here: the position of a symbol, and what was decided on the way to it. Pure: from views and decisions to fields. */
import type { DecisionStage } from '../protocol/decisions.ts';
import type { RecordedDecision, ShownChange, ShownFields } from '../protocol/read-models.ts';
import type { LifeView } from '../protocol/views.ts';

/** Of a life, the hash `position:SYMBOL`, with the fields operators are used to; without a position it is removed. */
export function shownPosition({ symbol, position }: LifeView): ShownChange {
  const name = `position:${symbol}`;
  if (position === undefined) return { name, record: null };
  const { side, quantity, entryPrice, leverage, stopLoss, takeProfit, planId, openedAt } = position;
  // A field that is not known is there and empty: what it said before must not stay.
  return { name, record: { symbol, side, quantity, entry_price: entryPrice, leverage: String(leverage), stop_loss: stopLoss ?? '', take_profit: takeProfit ?? '', plan_id: planId, created_at: seconds(openedAt) } };
}

/** Where the decisions of a stage are shown; the others are for `vigil explain` alone. */
const STREAMS: Partial<Record<DecisionStage, string>> = {
  intent: 'stream:trade.intent',
  plan: 'stream:apply.plan',
  permit: 'stream:apply.result',
  order: 'stream:apply.result',
  fill: 'stream:apply.result',
  position: 'stream:apply.result',
};

/** An entry of one of the three streams, or nothing. */
export function shownDecision(decision: RecordedDecision): ShownChange | undefined {
  const { stage, symbol, outcome, by, at, ids = {}, inputs = {}, denials = [] } = decision;
  const name = STREAMS[stage];
  if (name === undefined) return undefined;
  const added: Record<string, string> = { symbol, stage, outcome, by, created_at: seconds(at) };
  for (const [key, value] of Object.entries({ ...ids, ...inputs })) if (value !== null && value !== undefined) added[snakeCase(key)] ??= asText(value);
  const detail = denials[0]?.detail;
  if (detail !== undefined) added['detail'] ??= detail;
  return { name, added: added satisfies ShownFields };
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1_000));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
