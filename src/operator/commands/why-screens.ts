/** Explain and trace for a person, within 80 columns: what is wanted, what stopped it at each gate, and what to do. */
import { duration } from './table.ts';
import type { ExplainedDecision, ExplainedDenial, Gate } from '../decisions/explain.ts';
import type { ExplainBody, Standing, TraceBody } from '../endpoints/why.ts';
import { padded } from './width.ts';
import { wrapped } from './wrap.ts';

const STAGE_COLUMNS = 10;
const RECENT = 10;
/** What a person looks for first; the rest is in --json. */
const TOLD = ['side', 'confidence', 'quantity', 'limitPrice', 'price', 'notional', 'leverage', 'kill', 'r', 'reason'];

export function explainScreen({ symbol, universe, gates, decisions }: ExplainBody): string {
  const lines = [wrapped('', `${symbol}: ${standing(universe)}`), wrapped('', wanted(gates))];
  if (gates.length > 0) lines.push('', ...gates.flatMap(gateLines));
  if (decisions.length > 0) lines.push('', 'LATELY', ...decisions.slice(0, RECENT).map(recentLine));
  return `${lines.join('\n')}\n`;
}

function standing({ traded, version, reason, detail }: Standing): string {
  if (traded === true) return `in universe ${version}`;
  if (traded === null) return `whether it is traded is not known: ${detail}`;
  return `not in the universe (version ${version}) because ${reason}: ${detail}`;
}

/** From the newest word of each strategy and of the bridge. */
function wanted(gates: readonly Gate[]): string {
  const of = (stage: string) => gates.find((gate) => gate.stage === stage);
  const signal = newest(of('signal'));
  if (signal === undefined) return gates.length === 0 ? 'Nothing has been decided about it.' : 'No strategy has looked at it lately.';
  if (signal.code !== null) return `Nothing is wanted: ${signal.by} said ${signal.code}, ${duration(signal.agoMs)} ago.`;
  const plan = of('plan')?.lastPassed;
  const sized = plan === undefined || plan === null ? '' : `; last sized as ${told(plan.inputs)}`;
  return `Wanted: ${told(signal.inputs)} (${signal.by}, ${duration(signal.agoMs)} ago)${sized}.`;
}

function newest(gate: Gate | undefined): ExplainedDecision | undefined {
  const both = [gate?.lastPassed, gate?.lastRefusal].filter((one) => one !== undefined && one !== null);
  return both.toSorted((a, b) => a.agoMs - b.agoMs)[0];
}

function gateLines({ stage, lastPassed, lastRefusal }: Gate): readonly string[] {
  const head = padded(stage, STAGE_COLUMNS, 'left');
  const blank = ' '.repeat(STAGE_COLUMNS);
  const passed = lastPassed === null ? [] : [wrapped(head, `● passed ${ago(lastPassed)}${lastPassed.action === null ? '' : `: ${lastPassed.action} ${exitOf(lastPassed)}`.trimEnd()}`)];
  if (lastRefusal === null) return passed;
  const [first, ...others] = lastRefusal.denials;
  const lines = [
    wrapped(passed.length === 0 ? head : blank, `✖ ${lastRefusal.outcome} ${ago(lastRefusal)}`),
    ...(first === undefined ? [] : [...numbers(first).map((line) => wrapped(`${blank}  `, line)), wrapped(`${blank}  `, first.sentence), wrapped(`${blank}  → `, first.remedy)]),
    ...others.map((one) => wrapped(`${blank}  also `, [one.code, ...numbers(one)].join(', '))),
  ];
  // The newer word first.
  return lastPassed !== null && lastPassed.agoMs <= lastRefusal.agoMs ? [...passed, ...lines] : [...lines.map((line, at) => (at === 0 ? head + line.slice(STAGE_COLUMNS) : line)), ...passed.map((line) => blank + line.slice(STAGE_COLUMNS))];
}

/** `KILL_SCORE, value 0.61, limit 0.6`. */
function exitOf({ action, inputs, limit, value }: ExplainedDecision): string {
  const { code } = inputs;
  return [typeof code === 'string' && code !== action ? code : '', value === null ? '' : `value ${value}`, limit === null ? '' : `limit ${limit}`].filter((one) => one !== '').join(', ');
}

function ago({ agoMs, count }: ExplainedDecision): string {
  return `${duration(agoMs)} ago${count === 1 ? '' : `, ${count} times`}`;
}

function numbers({ limit, value, ageMs, detail, unknown }: ExplainedDenial): readonly string[] {
  const found = [value === null ? '' : `value ${value}`, limit === null ? '' : `limit ${limit}`, ageMs === null ? '' : `age ${ageMs} ms`, unknown ? 'not known' : '', detail ?? ''].filter((one) => one !== '');
  return found.length === 0 ? [] : [found.join(', ')];
}

function recentLine(decision: ExplainedDecision): string {
  const { lastAt, stage, outcome, action, count, by } = decision;
  const what = `${action === null ? '' : `${action} `}${outcome}${count === 1 ? '' : ` ×${count}`}`;
  return wrapped(`${clockTime(lastAt)}  ${padded(stage, STAGE_COLUMNS, 'left')}`, `${what} by ${by}`);
}

function told(inputs: Readonly<Record<string, unknown>>): string {
  return TOLD.flatMap((name) => {
    const value = inputs[name];
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    return [name === 'side' ? String(value) : `${name} ${value}`];
  }).join(', ') || 'a signal';
}

export function traceScreen({ ids, steps, incomplete }: TraceBody): string {
  const { orderIds, ...named } = ids;
  const names = Object.entries({ ...named, orderIds: orderIds.join(', ') }).filter(([, id]) => id !== '').map(([name, id]) => wrapped(`${padded(name, 12, 'left')}`, String(id)));
  const lines = steps.flatMap((step) => {
    const took = [step.queueMs === null ? '' : `queue ${step.queueMs} ms`, step.serviceMs === null ? '' : `service ${step.serviceMs} ms`].filter((one) => one !== '').join(', ');
    return [wrapped(`${clockTime(step.at)}  `, `${step.step}  ${step.outcome}  by ${step.by}${took === '' ? '' : `  (${took})`}`), ...detailLines(step.details)];
  });
  return `${[...names, '', ...lines, ...(incomplete === undefined ? [] : ['', wrapped('▲ ', `the chain may lack steps: ${incomplete}`)])].join('\n')}\n`;
}

/** What it was decided by, without what stands above in any case. */
function detailLines({ ids: _ids, denials, inputs, ...rest }: Readonly<Record<string, unknown>>): readonly string[] {
  const fields = Object.entries({ ...(isRecord(inputs) ? inputs : {}), ...rest }).filter(([, value]) => value !== null && value !== '' && typeof value !== 'object');
  const shown = fields.map(([name, value]) => `${name} ${String(value)}`).join(', ');
  const refused = Array.isArray(denials) ? denials.filter(isRecord).map((one) => Object.entries(one).map(([name, value]) => (name === 'code' ? String(value) : `${name} ${String(value)}`)).join(', ')) : [];
  return [...refused.map((line) => wrapped('                ✖ ', line)), ...(shown === '' ? [] : [wrapped('                ', shown)])];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of an ISO time; the day is said where a person asks for it. */
function clockTime(iso: string): string {
  return iso.slice(11, 23);
}
