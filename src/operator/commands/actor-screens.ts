/** What is known of actors, for a person: the busiest as a table, one of them in sections. */
import type { Distribution } from '../../supervision/cell/histogram.ts';
import type { Accounts, Exit, NodeView, WorkerDetail } from '../../supervision/inspection.ts';
import type { TopBody } from '../endpoints/actors.ts';
import { treeScreen } from './screens.ts';
import { duration, outline, table } from './table.ts';
import { printable } from './width.ts';

/** As the API answers it: without a state it says why. */
export type ActorBody = NodeView | (WorkerDetail & { readonly stateUnknown?: string });

export function topScreen({ sort, windowMs, actors }: TopBody): string {
  const over = windowMs === 0 ? 'since the start' : `within ${duration(windowMs)}`;
  const rows = actors.map((one) => [one.path, String(one.queue), one.queue === 0 ? '' : duration(one.ageMs), String(one.timeMs), `${Math.round(one.share * 1_000) / 10} %`, String(one.handled), String(one.restarts)]);
  return `By ${sort}; time, messages and restarts ${over}\n\n${table(['ACTOR', '#QUEUE', '#OLDEST', '#TIME MS', '#SHARE', '#HANDLED', '#RESTARTS'], rows)}`;
}

export function actorScreen(actor: ActorBody): string {
  const { path, role, kind, status, incarnation, restart, restarts, restartBudget, lastExit, mailbox, handled, lastMessageAt } = actor;
  const worker = 'state' in actor ? actor : undefined;
  const head = outline({
    path, role, kind,
    ...(worker === undefined ? {} : { purpose: worker.purpose }),
    status, incarnation, restart,
    restarts: `${restarts} (budget ${restartBudget.used} of ${restartBudget.limit} in ${duration(restartBudget.windowMs)})`,
    lastExit: lastExit === null ? 'none' : exit(lastExit),
    ...(worker === undefined ? {} : {
      mailbox: `${mailbox.depth} of ${mailbox.capacity}, oldest ${duration(mailbox.oldestMs)}, ${mailbox.dropped} dropped, ${mailbox.parked} parked`,
      handled, lastMessageAt,
      accounts: accounts(worker.accounts),
      effects: `${worker.effects.running} running, ${worker.effects.orphaned} of ended incarnations`,
      watchedBy: worker.watchedBy.length === 0 ? 'nobody' : worker.watchedBy.join(', '),
    }),
  });
  return worker === undefined ? `${head}\n${treeScreen(actor)}` : [head, timing(worker), state(worker), ...tables(worker)].join('\n');
}

function exit({ kind, incarnation, reason, at }: Exit): string {
  return `${kind}, incarnation ${incarnation}, ${at}: ${reason}`;
}

/** As a sum, so that a person sees that no message is missing. */
function accounts({ received, handled, queued, parked, flushed, dropped, superseded, dead, refused }: Accounts): string {
  const parts = Object.entries({ queued, parked, flushed, dropped, superseded, dead }).filter(([, count]) => count > 0).map(([name, count]) => ` + ${count} ${name}`);
  return `${received} received = ${handled} handled${parts.join('')}; ${refused} refused`;
}

function timing({ timing: { waitMs, serviceMs } }: WorkerDetail): string {
  const row = (name: string, { count, p50, p99, max }: Distribution) => [name, String(count), String(p50), String(p99), String(max)];
  return table(['MS', '#MESSAGES', '#P50', '#P99', '#MAX'], [row('in the mailbox', waitMs), row('in the handler', serviceMs)]);
}

function state({ state: shown, stateUnknown }: WorkerDetail & { readonly stateUnknown?: string }): string {
  return stateUnknown === undefined ? `state:\n${outline(shown, '  ')}` : `state: not known: ${printable(stateUnknown)}\n`;
}

function tables({ recentMessages, crashes, parked }: WorkerDetail): readonly string[] {
  const shown = (headings: readonly string[], rows: readonly (readonly string[])[]) => (rows.length === 0 ? [] : [table(headings, rows)]);
  return [
    ...shown(['MESSAGE', 'AT', 'FROM', '#QUEUE MS', '#SERVICE MS'], recentMessages.map((one) => [one.type, one.at, one.from, String(one.queueMs), String(one.serviceMs)])),
    ...shown(['CRASHED AT', '#INCARNATION', 'DURING', 'REASON'], crashes.map((one) => [String(one.at), String(one.incarnation), one.during ?? '', one.reason])),
    ...shown(['PARKED', 'AT', 'FROM', 'REASON', 'PAYLOAD'], parked.map((one) => [one.type, one.at, one.from, one.reason, one.payload])),
  ];
}
