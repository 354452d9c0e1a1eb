/** What is left open at a stop, with the stops that protect it: said to whoever stopped the service (operators' 11). */
import type { LifeView } from '../protocol/views.ts';

/** `unread`: symbols whose executor could not be asked, as when the service is stopped while it starts; they are not called flat. */
export function residualExposure(lives: readonly LifeView[], unread: readonly string[] = []): string {
  const held = lives.filter((life) => life.position !== undefined);
  const unsettled = lives.filter((life) => life.position === undefined && life.phase !== 'Flat');
  const unknown = unread.length === 0 ? [] : [`Not known: ${unread.join(', ')}; what is open there, and its stops and targets, stays as it is on the exchange.`];
  if (held.length === 0 && unsettled.length === 0) return unknown[0] ?? 'Nothing is open.';
  const rows = held.map(({ symbol, position, phase }) => {
    if (position === undefined) return '';
    const stop = position.stopLoss === null ? 'NO STOP' : `stop ${position.stopLoss} (${position.stopOrderId})`;
    const target = position.takeProfit === null ? 'no target' : `target ${position.takeProfit}`;
    return `  ${symbol}  ${position.side} ${position.quantity} at ${position.entryPrice}  ${phase}  ${stop}, ${target}`;
  });
  const open = unsettled.map((life) => `  ${life.symbol}  ${life.phase}: to be resolved at the next start`);
  return [`Still open: ${held.length} position${held.length === 1 ? '' : 's'}; their stops and targets stay on the exchange.`, ...rows, ...open, ...unknown].join('\n');
}

/** So many of each actor are named; all are in the log. */
const NAMED = 5;

/** What the journal had not acknowledged when the stop's time for it was over, by actor. */
export function notOnRecord(unrecorded: ReadonlyMap<string, readonly string[]>): string {
  const rows = [...unrecorded].map(([path, what]) => `  ${path}  ${what.slice(0, NAMED).join(', ')}${what.length > NAMED ? ` and ${what.length - NAMED} more` : ''}`);
  return ['Not acknowledged by the journal; what it lacks of orders and fills, the next start asks the venue for:', ...rows].join('\n');
}
