/** What happens, one line each, as it comes: the messages of a followed actor, and the events of the service. */
import type { LifecycleEvent } from '../../supervision/inspection.ts';
import type { TraceEvent } from '../../supervision/cell/tracer.ts';
import { printable } from './width.ts';

/** The last line of a trace may have a reason of the API's own. */
type TraceLine = Exclude<TraceEvent, { direction: 'end' }> | (Omit<Extract<TraceEvent, { direction: 'end' }>, 'reason'> & { readonly reason: string });

const ENDS: Readonly<Record<string, string>> = {
  messages: 'as many as were asked for',
  time: 'the time is over',
  asked: 'ended, or somebody else follows it now',
  closed: 'the actor is gone',
  'slow-reader': 'they came faster than they were read',
};

export function traceLine(line: unknown): string {
  const event = line as TraceLine;
  switch (event.direction) {
    case 'in':
      return printable(`${event.at}  in   ${event.type} from ${event.from}, waited ${event.queueMs} ms, took ${event.serviceMs} ms${event.payload === undefined ? '' : `  ${event.payload}`}`);
    case 'out':
      return printable(`${event.at}  out  ${event.type} to ${event.to}${event.accepted ? '' : ', refused'}`);
    case 'end':
      return printable(`${event.at}  end  ${event.events} messages: ${ENDS[event.reason] ?? event.reason}`);
  }
}

/** Of any kind: what is no life of an actor names its kind as its type. */
type EventLine = { readonly at: string; readonly type: string; readonly symbol?: string; readonly [field: string]: unknown };

export function eventLine(line: unknown): string {
  const other = line as EventLine;
  switch (other.type) {
    case 'decision':
      return printable(`${other.at}  decision        ${String(other.symbol)}: ${String(other['stage'])} ${String(other['outcome'])}${told(other, ['action'])} by ${String(other['by'])}`);
    case 'order':
      return printable(`${other.at}  order           ${String(other.symbol)}: ${String(other['happened'])}${told(other, ['purpose', 'leg', 'side', 'quantity', 'price', 'triggerPrice', 'status', 'executedQuantity', 'reason', 'code', 'cause', 'message', 'clientId'])}`);
    case 'fill':
      return printable(`${other.at}  fill            ${String(other.symbol)}:${told(other, ['side', 'quantity', 'price', 'commission', 'realizedPnl', 'orderId'])}`);
    case 'alert':
      return printable(`${other.at}  alert           ${String(other['name'])} ${String(other['state'])}: ${String(other['message'])}`);
    default:
      return lifecycleLine(line as LifecycleEvent & { readonly at: string });
  }
}

function told(event: EventLine, fields: readonly string[]): string {
  return fields.flatMap((field) => {
    const value = event[field];
    return typeof value === 'string' || typeof value === 'number' ? [` ${field} ${value}`] : [];
  }).join(',');
}

function lifecycleLine(event: LifecycleEvent & { readonly at: string }): string {
  const where = event.type === 'dead-letter' ? event.to : event.path;
  return printable(`${event.at}  ${event.type.padEnd(14)}  ${where}${details(event)}`);
}

function details(event: LifecycleEvent): string {
  switch (event.type) {
    case 'started':
    case 'suspended':
    case 'resumed':
      return `, incarnation ${event.incarnation}`;
    case 'stopped':
      return `, incarnation ${event.incarnation}, ${event.kind}: ${event.reason}`;
    case 'crashed':
      return `, incarnation ${event.incarnation}${event.crash.during === undefined ? '' : `, during ${event.crash.during}`}: ${event.crash.reason}`;
    case 'restarting':
      return `, in ${event.inMs} ms, restart ${event.used} of ${event.limit}`;
    case 'budget-spent':
      return `: restarts are used up, trying every ${event.retryEveryMs} ms`;
    case 'escalated':
      return ` gave up on ${event.child}: ${event.reason}`;
    case 'parked':
      return `: ${event.message} from ${event.from}: ${event.reason}`;
    case 'state-replaced':
      return `, incarnation ${event.incarnation}: ${event.reason}`;
    case 'dead-letter':
      return `: ${event.message} from ${event.from}: ${event.reason}${event.unreported === 0 ? '' : `, and ${event.unreported} before it`}`;
  }
}
