/** A cell of the fault matrix: which await point, which fault, and how it must end. */
import type { Json } from './service.ts';

/** What the paper exchange's control takes; `{symbol}` in a parameter stands for the case's own. */
export interface Fault {
  readonly match: { readonly method?: string; readonly path?: string; readonly params?: Readonly<Record<string, string>> };
  readonly action: 'delay' | 'error' | 'drop-request' | 'drop-response' | 'reset' | 'rate-limit';
  readonly times?: number;
  readonly delayMs?: number;
  readonly status?: number;
  readonly code?: number;
  readonly message?: string;
  readonly text?: string;
  readonly processed?: boolean;
  /** The venue bans this address for so long from the arming on, in its own words; with `action: 'error'`. */
  readonly banMs?: number;
}

/**
 * How a case must end:
 * `held`: one entry executed, one stop covers exactly what is held, service and venue agree.
 * `flat`: one entry executed, nothing held, nothing of ours in the book.
 * `none`: no entry executed, and the plan has ended with this code.
 * `refused`: no entry executed; the plan has ended, or the intent was refused before one was sent, with one of these codes.
 */
export type End = 'held' | 'flat' | { readonly none: string } | { readonly refused: readonly string[] };

export function endInWords(end: End): string {
  if (typeof end === 'string') return end;
  return 'none' in end ? `none, ${end.none}` : `none, ${end.refused.join(' or ')}`;
}

/** What is done once the position stands; nothing: the fault meets the opening. */
export type Act =
  /** An operator closes the symbol. */
  | 'close'
  /** The price rises: a part is closed. */
  | 'tier'
  /** It rises further: a part is closed and the stop moves into profit. */
  | 'lock'
  /** It falls through the stop. */
  | 'stop'
  /** It rises through the target. */
  | 'target'
  | Control;

/** A POST to the control of the paper exchange. */
export interface Control {
  readonly control: string;
  readonly body: Json;
  /** So long nothing more is done after it. */
  readonly thenMs?: number;
}

export interface FaultCase {
  /** Numbers of failure-modes.md. */
  readonly failure: string;
  readonly at: string;
  readonly fault: string;
  readonly armed: readonly Fault[];
  /** The faults stand when the service starts: they meet the settings of the symbol. */
  readonly atStart?: boolean;
  /** What is done to the venue before the opening, or before the act: for cases that go alone. */
  readonly before?: readonly Control[];
  readonly beforeAct?: readonly Control[];
  /** Done to the venue once each of the armed faults has struck: what is under way meets another venue than the one it was sent to. */
  readonly onStruck?: readonly Control[];
  /** Puts the venue right again, so long after that. */
  readonly undo?: { readonly afterMs: number; readonly controls: readonly Control[] };
  /** What an operator must see of it while it lasts: names of alerts. */
  readonly alerts?: readonly string[];
  /** An intent for a symbol that nobody else uses is refused while it lasts, with one of these codes. */
  readonly closedTo?: readonly string[];
  /** It meets everybody: it waits until all others have ended, and those before it that go alone. */
  readonly alone?: boolean;
  readonly act?: Act;
  /** Faults without `times` are taken away after so long; without it they end by themselves. */
  readonly healAfterMs?: number;
  /** Nothing is judged before that: what is late must have come. */
  readonly quietMs?: number;
  /** Other than ten seconds, and why is in the case's comment. */
  readonly nakedMs?: number;
  readonly end: End;
}

export const entryOf = { method: 'POST', path: '/fapi/v1/order', params: { symbol: '{symbol}', type: 'LIMIT' } } as const;
/** A close, or the close of a part. */
export const closeOf = { method: 'POST', path: '/fapi/v1/order', params: { symbol: '{symbol}', type: 'MARKET' } } as const;
export const stopOf = { method: 'POST', path: '/fapi/v1/algoOrder', params: { symbol: '{symbol}', type: 'STOP_MARKET' } } as const;
export const targetOf = { method: 'POST', path: '/fapi/v1/algoOrder', params: { symbol: '{symbol}', type: 'TAKE_PROFIT_MARKET' } } as const;
/** The cancel of a protection that stood before the act: it names no symbol. */
export const cancelOf = (leg: 'stop' | 'target') => ({ method: 'DELETE', path: '/fapi/v1/algoOrder', params: { clientAlgoId: `{${leg}}` } }) as const;
export const readOf = (path: string) => ({ method: 'GET', path, params: { symbol: '{symbol}' } }) as const;

/** The ways in which an answer can fail to say what happened, as cases share them: name, what the control is told. */
export const UNKNOWN_ANSWERS: readonly (readonly [string, Omit<Fault, 'match'>])[] = [
  ['drop-response', { action: 'drop-response', times: 1 }],
  ['−1007, and it was executed', { action: 'error', status: 408, code: -1007, message: 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.', processed: true, times: 1 }],
  ['503 "Unknown error", and it was executed', { action: 'error', status: 503, code: -1000, message: 'Unknown error, please check your request or try again later.', processed: true, times: 1 }],
  ['502 of a proxy, and it was executed', { action: 'error', status: 502, text: '<html><body>502 Bad Gateway</body></html>', processed: true, times: 1 }],
  ['−4116, and it was executed', { action: 'error', status: 400, code: -4116, message: 'ClientOrderId is duplicated.', processed: true, times: 1 }],
  ['a delay within the deadline', { action: 'delay', delayMs: 1_500, times: 1 }],
];

/** The same where nothing was executed. */
export const LOST_REQUESTS: readonly (readonly [string, Omit<Fault, 'match'>])[] = [
  ['drop-request', { action: 'drop-request', times: 1 }],
  ['reset', { action: 'reset', times: 1 }],
  ['−1006, and it was not executed', { action: 'error', status: 500, code: -1006, message: 'An unexpected response was received from the message bus. Execution status unknown.', times: 1 }],
];

/** Definite: nothing was executed, and the venue says so. */
export const REFUSALS: readonly (readonly [string, Omit<Fault, 'match'>])[] = [
  ['−1021', { action: 'error', status: 400, code: -1021, message: 'Timestamp for this request is outside of the recvWindow.', times: 1 }],
  ['503 "Service Unavailable."', { action: 'error', status: 503, text: 'Service Unavailable.', times: 1 }],
  ['503 "Internal error; unable to process"', { action: 'error', status: 503, text: 'Internal error; unable to process your request. Please try again.', times: 1 }],
];

/** One case for each of a list of answers. */
export function each(answers: readonly (readonly [string, Omit<Fault, 'match'>])[], of: (fault: string, spec: Omit<Fault, 'match'>) => Omit<FaultCase, 'fault'>): readonly FaultCase[] {
  return answers.map(([fault, spec]) => ({ fault, ...of(fault, spec) }));
}
