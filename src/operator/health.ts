/** Is the service well? A pure judgement over what was read: the worst check decides, and what is not known is never well. */
import type { FlowView } from '../protocol/read-models.ts';
import type { JournalView, ReadinessView, TradingStateView } from '../protocol/views.ts';
import type { DeadLetter } from '../supervision/dead-letters.ts';
import type { NodeView } from '../supervision/inspection.ts';
import { standingOf } from '../protocol/journal-standing.ts';
import { age, check, worst } from './health-check.ts';
import type { HealthCheck, HealthStatus } from './health-check.ts';
import { condition, escalations, flatten, mailboxes, parked, severity, supervision } from './health-tree.ts';
import type { Escalation } from './health-tree.ts';
import type { Known } from './known.ts';
import { isUnread } from './positions.ts';
import type { ExecutorReading } from './positions.ts';

export interface HealthInputs {
  /** Wall time, ms. */
  readonly now: number;
  readonly tree: NodeView;
  readonly readiness: Known<ReadinessView>;
  readonly tradingState: Known<TradingStateView>;
  readonly flows: Known<readonly FlowView[]>;
  /** As the journal's actor shows it. */
  readonly journal: Known<JournalView>;
  /** Symbols of which nothing is received, with for how long, ms. */
  readonly silent: Known<readonly { readonly symbol: string; readonly silentMs: number }[]>;
  readonly executors: readonly ExecutorReading[];
  readonly deadLetters: { readonly counts: Readonly<Record<string, number>>; readonly last: DeadLetter | undefined };
  readonly escalations: readonly Escalation[];
}

export interface Health {
  readonly status: HealthStatus;
  /** `UNKNOWN` when the actor that knows is silent. */
  readonly tradingState: string;
  readonly checks: readonly HealthCheck[];
}

export function judgeHealth(inputs: HealthInputs): Health {
  const nodes = flatten(inputs.tree);
  const checks = [supervision(inputs.tree), mailboxes(inputs.tree), parked(inputs.tree), escalations(inputs.escalations, inputs.now), ...readiness(inputs), tradingState(inputs), flows(inputs), market(inputs), journal(inputs, nodes), operator(nodes), positions(inputs), deadLetters(inputs)];
  return { status: worst(checks.map((check) => check.status)), tradingState: inputs.tradingState.known ? inputs.tradingState.value.overall : 'UNKNOWN', checks };
}

function readiness({ readiness: reading, now }: HealthInputs): readonly HealthCheck[] {
  if (!reading.known) return [check('readiness', 'failing', `not known: ${reading.why}`)];
  const { ready, missing, behind, since } = reading.value;
  const ageMs = age(now, since);
  const waits = behind.map(({ input, reason }) => `; ${input} is ${reason}, which wait for it`).join('');
  if (ready) return [check('readiness', 'ok', `everything a decision needs is known${waits}`, ageMs)];
  const names = missing.map((one) => one.input).join(', ');
  return [
    check('readiness', 'degraded', names === '' ? 'not ready' : `not ready, missing: ${names}`, ageMs),
    ...missing.map((one) => check(`readiness/${one.input}`, 'degraded', `${one.input} is missing: ${one.reason}`, ageMs)),
  ];
}

function tradingState({ tradingState: reading, now }: HealthInputs): HealthCheck {
  if (!reading.known) return check('tradingState', 'failing', `not known: ${reading.why}`);
  const { overall, symbols, cause, since } = reading.value;
  const own = [...symbols].filter(([, state]) => state !== 'ACTIVE').map(([symbol, state]) => `${symbol} ${state}`);
  const active = overall === 'ACTIVE' && own.length === 0;
  const because = cause === '' ? '' : `: ${cause}`;
  return check('tradingState', active ? 'ok' : 'degraded', [`${overall}${because}`, ...own].join('; '), age(now, since));
}

/** A broken edge is a repair under way, until nothing more is tried; and nobody watching is no news, never good news (failure 101). */
function flows({ flows: reading }: HealthInputs): HealthCheck {
  if (!reading.known) return check('flows', 'failing', `not known: ${reading.why}`);
  const broken = reading.value.filter((flow) => flow.broken);
  if (broken.length === 0) return check('flows', 'ok', `${reading.value.length} edges carry what they should`);
  const oldest = Math.max(...broken.map((flow) => flow.lastSeenAgeMs ?? 0));
  return check('flows', broken.some((flow) => flow.restartsSpent) ? 'failing' : 'degraded', broken.map(flowFault).join('; '), oldest);
}

/** Of the others prices come: a symbol that is silent is closed to openings alone. */
function market({ silent: reading }: HealthInputs): HealthCheck {
  if (!reading.known) return check('market', 'failing', `not known: ${reading.why}`);
  if (reading.value.length === 0) return check('market', 'ok', 'every symbol is heard of');
  const words = reading.value.map(({ symbol, silentMs }) => `${symbol} (${Math.round(silentMs / 1_000)} s)`);
  return check('market', 'degraded', `nothing received of ${words.join(', ')}: nothing is opened in them`, Math.max(...reading.value.map((one) => one.silentMs)));
}

function flowFault({ edge, breaker, message }: FlowView): string {
  return `${edge}: ${[...(breaker === 'open' ? ['too much of it is misconfigured'] : []), ...(message === '' ? [] : [message])].join('; ')}`;
}

/** Openings are made durable before they are sent, so without the journal and its store there are none. */
function journal({ journal: reading, now }: HealthInputs, nodes: readonly NodeView[]): HealthCheck {
  const node = nodes.find((one) => one.path === 'journal');
  if (node === undefined) return check('journal', 'failing', 'there is no journal actor');
  if (node.status !== 'running') return check('journal', severity(node), condition(node));
  if (!reading.known) return check('journal', 'failing', `not known: ${reading.why}`);
  const standing = standingOf(reading.value, now);
  const ageMs = age(now, reading.value.since);
  if (standing.length === 0) return check('journal', 'ok', 'the journal runs, and its store takes what is written', ageMs);
  return check('journal', reading.value.unrecorded === null ? 'degraded' : 'failing', standing.map(({ message }) => message).join('; '), ageMs);
}

function operator(nodes: readonly NodeView[]): HealthCheck {
  const bad = nodes.filter((node) => (node.path === 'operator' || node.path.startsWith('operator/')) && node.status !== 'running');
  return bad.length === 0 ? check('operator', 'ok', 'this answer is the proof') : check('operator', 'degraded', bad.map(condition).join('; '));
}

function positions({ executors, now }: HealthInputs): HealthCheck {
  const findings: string[] = [];
  let ageMs = 0;
  for (const reading of executors) {
    const { symbol, life } = reading;
    if (isUnread(reading)) findings.push(`${symbol}: its executor is ${reading.status}, so its position is not known`);
    if (life?.phase === 'Ambiguous' || life?.phase === 'Drifted') findings.push(`${symbol} is ${life.phase}`);
    if (life?.position !== undefined && life.position.stopOrderId === null) {
      findings.push(life.position.guard === null ? `${symbol} has a position and no stop (${life.phase})` : `${symbol} has a position and no stop at the venue, which takes none: it is guarded from here, at ${life.position.guard}`);
      ageMs = Math.max(ageMs, age(now, life.position.openedAt));
    }
  }
  const open = executors.filter((one) => one.life?.position !== undefined).length;
  return findings.length === 0 ? check('positions', 'ok', `${open} open, each with its stop`) : check('positions', 'degraded', findings.join('; '), ageMs);
}

function deadLetters({ deadLetters: { counts, last }, now }: HealthInputs): HealthCheck {
  const reasons = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`);
  const message = reasons.length === 0 ? 'none' : reasons.join(', ');
  return check('deadLetters', 'ok', message, last === undefined ? 0 : age(now, last.at));
}
