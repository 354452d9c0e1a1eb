/** Is the tree well? Every node that does not do its work, or is falling behind with it, is named with the reason. */
import type { NodeView } from '../supervision/inspection.ts';
import { age, check, worst } from './health-check.ts';
import type { HealthCheck, HealthStatus } from './health-check.ts';

/** A supervisor that gave up and left it to its own. */
export interface Escalation {
  readonly path: string;
  readonly child: string;
  readonly reason: string;
  /** Wall time, ms. */
  readonly at: number;
}

/** At nine tenths the next burst is refused or dropped: the last moment at which it is still a warning. */
const NEARLY_FULL = 0.9;
/** Turns are a few milliseconds long: whoever waits a second has waited for hundreds of them (reference: warn age > 1 s). */
const TOO_OLD_MS = 1_000;
/** A repaired escalation is shown so long that a person, or an alert rule with the usual five minutes, sees it. */
const ESCALATION_SHOWN_MS = 300_000;

/** Whether every node runs that should, and not only until it dies again. Below one that does not run nothing can: only it is named. */
export function supervision(root: NodeView): HealthCheck {
  if (root.status === 'stopped') return check('supervision', 'failing', root.incarnation === 0 ? 'the service has not started' : 'the service is stopping');
  const expected = present(root);
  const ended = expected.filter(endedInOrder).length;
  const bad = expected.filter((node) => node.status === 'running' ? isSpent(node) : !endedInOrder(node));
  if (bad.length === 0) return check('supervision', 'ok', `${expected.length - ended} nodes run${ended === 0 ? '' : `, ${ended} ended in order`}`);
  return check('supervision', worst(bad.map(severity)), bad.map(condition).join('; '));
}

/** Whether anybody keeps messages waiting, or is about to lose some. What does not run is judged as such; its mail waits. */
export function mailboxes(root: NodeView): HealthCheck {
  const findings = present(root).flatMap(({ path, status, mailbox: { depth, capacity, oldestMs } }) => [
    ...(depth > capacity * NEARLY_FULL ? [`${path} has ${depth} of ${capacity} messages waiting`] : []),
    ...(status === 'running' && depth > 0 && oldestMs > TOO_OLD_MS ? [`${path} keeps a message waiting for ${oldestMs} ms`] : []),
  ]);
  return findings.length === 0 ? check('mailboxes', 'ok', 'nobody is behind') : check('mailboxes', 'degraded', findings.join('; '));
}

/** Messages that nobody could handle are work that was not done, until somebody decides about them. */
export function parked(root: NodeView): HealthCheck {
  const findings = present(root).filter((node) => node.mailbox.parked > 0).map(({ path, mailbox }) => `${path} has parked ${mailbox.parked}`);
  return findings.length === 0 ? check('parked', 'ok', 'none') : check('parked', 'degraded', `${findings.join('; ')}: look with \`vigil inspect\`, then unpark or discard`);
}

export function escalations(all: readonly Escalation[], now: number): HealthCheck {
  const recent = all.filter(({ at }) => age(now, at) < ESCALATION_SHOWN_MS);
  const last = recent.at(-1);
  if (last === undefined) return check('escalations', 'ok', 'none');
  return check('escalations', 'degraded', recent.map(({ path, child, reason }) => `${path} gave up on ${child}: ${reason}`).join('; '), age(now, last.at));
}

/** As in OTP: what need not be there for ever may end, and that is no failure. */
export function endedInOrder({ status, restart, lastExit }: NodeView): boolean {
  return status === 'stopped' && restart !== 'permanent' && (lastExit?.kind === 'normal' || lastExit?.kind === 'shutdown');
}

/** Nobody starts a node again that stands still after it has run: only a restart on its way is a repair. */
export function severity(node: NodeView): HealthStatus {
  return node.status === 'stopped' && node.incarnation > 0 ? 'failing' : 'degraded';
}

export function condition(node: NodeView): string {
  if (node.status === 'running') return `${node.path} runs again, and has spent its restart budget`;
  if (node.status === 'stopped') return node.incarnation === 0 ? `${node.path} has not started yet` : `${node.path} has stopped${node.lastExit === null ? '' : `: ${node.lastExit.reason}`}`;
  const spent = node.status === 'restarting' && isSpent(node) ? ' slowly: its restart budget is spent' : '';
  return `${node.path} is ${node.status}${spent}`;
}

/** It stays so until an incarnation has run for a whole window: one that dies every half a minute is not well in between. */
function isSpent({ restartBudget: { used, limit } }: NodeView): boolean {
  return used > limit;
}

/** The node and everything below it. */
export function flatten(node: NodeView): readonly NodeView[] {
  return [node, ...node.children.flatMap(flatten)];
}

/** Without what is below a node that neither runs nor starts. */
function present(node: NodeView): readonly NodeView[] {
  return node.status === 'running' || node.status === 'starting' ? [node, ...node.children.flatMap(present)] : [node];
}
