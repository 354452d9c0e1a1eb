/** What can be seen of one actor from outside: a picture of now, made when somebody looks and not before. */
import type { NodeStatus, OwnDetail, OwnView } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';
import type { EffectCounts } from './effects.ts';
import type { Mailroom } from './mailroom.ts';
import type { WorkRecord } from './work-record.ts';

/** Of whom. */
export interface Seen {
  readonly path: string;
  readonly kernel: Kernel;
  readonly status: NodeStatus;
  readonly incarnation: number;
  readonly effects: EffectCounts;
  readonly behaviour: { readonly role: string; readonly purpose: string };
  /** By the actor's own view. */
  stateView(): unknown;
}

export function viewOf(seen: Seen, mailroom: Mailroom, record: WorkRecord): OwnView {
  return {
    path: seen.path,
    role: seen.behaviour.role,
    kind: 'worker',
    status: seen.status,
    incarnation: seen.incarnation,
    lastExit: record.lastExit ?? null,
    mailbox: mailroom.view(),
    handled: mailroom.handled,
    lastMessageAt: record.lastMessageAt(seen.kernel.clock),
    children: [],
  };
}

export function detailOf(seen: Seen, mailroom: Mailroom, record: WorkRecord): OwnDetail {
  return {
    ...viewOf(seen, mailroom, record),
    purpose: seen.behaviour.purpose,
    state: seen.stateView(),
    accounts: mailroom.accounts(),
    timing: record.timing(),
    recentMessages: record.recent(seen.kernel.clock),
    crashes: record.crashes,
    parked: mailroom.parked(),
    effects: { ...seen.effects },
    watchedBy: seen.kernel.watches.watchersOf(seen.path),
  };
}
