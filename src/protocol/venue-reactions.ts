/**
 * What each answer of the venue that is not a success prescribes: one table, read by the adapter (may it have been
 * executed?), the gateway and the locks (what follows for all?), and the executors (what follows for the symbol?).
 * Source of codes and statuses: the exchange's pages `error-code` and `general-info`, May 2026. Shown in docs/venue-errors.md.
 */

export const REACTIONS = {
  done: 'What was asked for is so already: it counts as accepted.',
  refuse: 'A definite no: the write ends with its code. A reducing one is asked for again, an opening is over.',
  ask: 'It may have been executed: its client id is asked for until that is known. It never goes out under a second id.',
  absent: 'The venue does not know the id. Once proves nothing: it is asked again, beside position and trades.',
  again: 'Nothing is known by it: whoever needs it asks again.',
  reconcile: 'A definite no which says that our picture is wrong: the symbol is compared with the venue now.',
  resync: 'Definitely not executed. The clock is measured at once; then a reducing write goes once more, redeemed once more against its mandate, and a read is asked once more. An opening is not: its permit is used up, and an entry is sent at most once.',
  rest: 'Definitely not executed. Nothing but exits and stops is sent until the time the venue names is over; in a ban nothing at all, and openings stop.',
  'stop-hit': 'The market is beyond the trigger price already: the stop is hit, the target is reached, and the position is closed.',
  'no-stop': 'The venue takes no such order: told loudly, openings stop, and the position is guarded from here and closed when its stop is passed.',
  modes: 'The account is not in the mode that was asserted: openings stop at once, and the modes are read again.',
  halt: 'Key, signature or permission: trading is HALTED until an operator activates it. What would be refused is not sent in a storm.',
  defect: 'A request that should not have been made: refused, and a finding.',
  unknown: 'A code that is not in this table: a finding. What it did is not known, so the client id of a write is asked for; a read has failed.',
} as const satisfies Record<string, string>;

export type Reaction = keyof typeof REACTIONS;

/** What was asked of the venue: one of the kinds of writes, or a read. */
export type Asked = 'OPEN' | 'CLOSE' | 'PROTECT' | 'CANCEL' | 'CONFIGURE' | 'READ';

/** How long openings rest after it: for so many ms, or until more balance is available than there was. */
export interface EntryPause {
  readonly of: 'symbol' | 'all';
  readonly until: number | 'balance';
}

export interface CodeRow {
  readonly code: number;
  readonly meaning: string;
  /** What it is prescribed for; without it: for everything. A code met by something else than its rows name is a defect of ours. */
  readonly on?: readonly Asked[];
  readonly reaction: Reaction;
  readonly pause?: EntryPause;
  readonly why: string;
}

const MINUTE_MS = 60_000;
const REDUCING: readonly Asked[] = ['CLOSE', 'PROTECT', 'CANCEL'];
const ORDERS: readonly Asked[] = ['OPEN', 'CLOSE', 'PROTECT'];
const WRITES: readonly Asked[] = ['OPEN', 'CLOSE', 'PROTECT', 'CANCEL', 'CONFIGURE'];
const READ: readonly Asked[] = ['READ'];

const FILTERS = 'prices and quantities are made by the venue\'s own filters: ours are out of date, or there is a mistake in the making';
const SHAPE = 'our requests have one shape, which the tests hold: the venue has changed, or there is a mistake in the making';

/** The rows of a code stand together; the first that fits is the one. */
export const VENUE_CODES: readonly CodeRow[] = [
  { code: -1000, meaning: 'an unknown error', on: WRITES, reaction: 'refuse', why: 'with a status below 500 the venue looked at it and said no; with 5xx the status decides' },
  { code: -1000, meaning: 'an unknown error', on: READ, reaction: 'again', why: 'it is no answer' },
  { code: -1001, meaning: 'internal error', on: WRITES, reaction: 'refuse', why: 'as −1000' },
  { code: -1001, meaning: 'internal error', on: READ, reaction: 'again', why: 'it is no answer' },
  { code: -1002, meaning: 'not authorised', reaction: 'halt', why: 'asking again changes nothing (failure 30)' },
  { code: -1003, meaning: 'too many requests, or the address is banned', reaction: 'rest', why: 'going on brings a ban, and going on in a ban lengthens it (failure 57)' },
  { code: -1006, meaning: 'unexpected answer from the message bus: execution status unknown', on: WRITES, reaction: 'ask', why: 'in the venue\'s own words it may have been executed (failure 47)' },
  { code: -1006, meaning: 'unexpected answer from the message bus', on: READ, reaction: 'again', why: 'it is no answer' },
  { code: -1007, meaning: 'timeout behind the venue\'s door: execution status unknown', on: WRITES, reaction: 'ask', why: 'in the venue\'s own words it may have been executed (failure 47)' },
  { code: -1007, meaning: 'timeout behind the venue\'s door', on: READ, reaction: 'again', why: 'it is no answer' },
  { code: -1008, meaning: 'the venue is overloaded; what reduces is exempt', reaction: 'rest', why: 'refused before it was looked at' },
  { code: -1015, meaning: 'too many new orders', reaction: 'rest', why: 'the account\'s window of orders is full (failure 57)' },
  { code: -1021, meaning: 'the timestamp is outside of the recvWindow', reaction: 'resync', why: 'our clock and the venue\'s have parted; refused by its time alone (failure 58)' },
  { code: -1022, meaning: 'the signature is not valid', reaction: 'halt', why: 'the secret is wrong, or what is signed is not what is sent (failure 30)' },
  ...[-1100, -1101, -1102, -1104].map((code): CodeRow => ({ code, meaning: 'a parameter is missing, too much, or malformed', reaction: 'defect', why: SHAPE })),
  { code: -1106, meaning: 'a parameter was sent that is not required', reaction: 'modes', why: 'reduceOnly in hedge mode is answered so (failure 53)' },
  { code: -1111, meaning: 'too many decimals', reaction: 'defect', why: FILTERS },
  ...[-1128, -1131, -4104, -4144, -4165].map((code): CodeRow => ({ code, meaning: 'parameters that do not go together, or are out of their bounds', reaction: 'defect', why: SHAPE })),
  ...[-1115, -1116, -1117, -1120, -1130].map((code): CodeRow => ({ code, meaning: 'a parameter has a value the venue does not know', reaction: 'defect', why: SHAPE })),
  { code: -1121, meaning: 'the symbol is not known', reaction: 'defect', pause: { of: 'symbol', until: 5 * MINUTE_MS }, why: 'only symbols the venue lists are traded; openings wait until its list is read again (operators\' 59)' },
  { code: -1125, meaning: 'the listen key does not exist', on: READ, reaction: 'again', why: '`listen-key` asks for a new one, and the user stream leaves its connection' },
  { code: -2008, meaning: 'the API key is not known', reaction: 'halt', why: 'mostly a key of another venue (failure 30)' },
  { code: -2010, meaning: 'the engine refuses the order', on: WRITES, reaction: 'refuse', why: 'its catch-all: the text says why' },
  { code: -2011, meaning: 'unknown order sent', on: WRITES, reaction: 'reconcile', why: 'it is gone already, and may have been filled' },
  { code: -2011, meaning: 'unknown order sent', on: READ, reaction: 'absent', why: 'as −2013' },
  { code: -2013, meaning: 'the order does not exist', on: WRITES, reaction: 'reconcile', why: 'it is gone already, and may have been filled' },
  { code: -2013, meaning: 'the order does not exist', on: READ, reaction: 'absent', why: 'queries may lag behind the engine (operators\' 19)' },
  { code: -2014, meaning: 'the API key is malformed', reaction: 'halt', why: 'asking again changes nothing (failure 30)' },
  { code: -2015, meaning: 'the API key is invalid, comes from another address, or may not do this', reaction: 'halt', why: 'asking again changes nothing (failure 30)' },
  ...[-2018, -2019].flatMap((code): CodeRow[] => [
    { code, meaning: 'balance or margin is insufficient', on: ['OPEN'], reaction: 'refuse', pause: { of: 'all', until: 'balance' }, why: 'another opening would be refused alike until there is more (failure 40)' },
    { code, meaning: 'balance or margin is insufficient', on: REDUCING, reaction: 'reconcile', why: 'what reduces needs no margin: there is less to reduce than we think' },
    { code, meaning: 'balance or margin is insufficient', on: ['CONFIGURE'], reaction: 'refuse', why: 'openings of the symbol wait for its leverage' },
  ]),
  { code: -2020, meaning: 'unable to fill', on: ORDERS, reaction: 'refuse', why: 'there was nothing at the price' },
  { code: -2021, meaning: 'the order would trigger at once', on: ['PROTECT'], reaction: 'stop-hit', why: 'the market is through the trigger price (failure 91)' },
  { code: -2022, meaning: 'reduce-only is rejected', on: REDUCING, reaction: 'reconcile', why: 'no position, the opposite one, or orders that reduce it already (failure 54)' },
  { code: -2023, meaning: 'the account is being liquidated', on: ['OPEN'], reaction: 'refuse', pause: { of: 'all', until: 5 * MINUTE_MS }, why: 'the venue closes what is held; nothing is added to it' },
  { code: -2023, meaning: 'the account is being liquidated', on: [...REDUCING, 'CONFIGURE'], reaction: 'reconcile', why: 'the venue closes what is held: positions change without us (operators\' 30)' },
  { code: -2025, meaning: 'the limit of open orders is reached', on: ['OPEN'], reaction: 'refuse', pause: { of: 'symbol', until: 5 * MINUTE_MS }, why: '200 a symbol: somebody leaves orders in the book' },
  { code: -2025, meaning: 'the limit of open orders is reached', on: ['CLOSE'], reaction: 'reconcile', why: 'ours are never so many' },
  { code: -2025, meaning: 'the limit of open orders is reached', on: ['PROTECT'], reaction: 'no-stop', pause: { of: 'all', until: 5 * MINUTE_MS }, why: 'no room for a stop' },
  { code: -2027, meaning: 'the position would be above what the leverage allows', on: ['OPEN', 'CONFIGURE'], reaction: 'refuse', pause: { of: 'symbol', until: 15 * MINUTE_MS }, why: 'the brackets we read say otherwise (failure 42)' },
  { code: -2028, meaning: 'the leverage is smaller than the margin balance allows', on: ['OPEN', 'CONFIGURE'], reaction: 'refuse', pause: { of: 'symbol', until: 15 * MINUTE_MS }, why: 'it does not change within minutes' },
  ...[-4001, -4002, -4013].map((code): CodeRow => ({ code, meaning: 'the price is zero, too high or too low', reaction: 'defect', why: FILTERS })),
  ...[-4003, -4004, -4005].map((code): CodeRow => ({ code, meaning: 'the quantity is zero, too small or too large', reaction: 'defect', why: FILTERS })),
  ...[-4014, -4023].map((code): CodeRow => ({ code, meaning: 'the price is no multiple of the tick, or the quantity none of the step', reaction: 'defect', why: FILTERS })),
  { code: -4015, meaning: 'the client order id is not valid', reaction: 'defect', why: 'ids are made within the venue\'s alphabet and length' },
  ...[-4016, -4024].map((code): CodeRow => ({ code, meaning: 'the limit price is too far from the mark price', on: ORDERS, reaction: 'refuse', why: 'the mark price has moved since' })),
  { code: -4028, meaning: 'the leverage is not valid', on: ['CONFIGURE', 'OPEN'], reaction: 'refuse', why: 'openings of the symbol wait until its leverage is confirmed (failure 41)' },
  { code: -4045, meaning: 'the limit of conditional orders is reached', on: ['PROTECT'], reaction: 'no-stop', pause: { of: 'all', until: 5 * MINUTE_MS }, why: '200 over all symbols: no room for a stop (failure 89)' },
  { code: -4046, meaning: 'no need to change the margin type', on: ['CONFIGURE'], reaction: 'done', why: 'it is as asked for' },
  ...[-4047, -4048].map((code): CodeRow => ({ code, meaning: 'the margin type cannot be changed with open orders or a position', on: ['CONFIGURE'], reaction: 'refuse', why: 'openings of the symbol wait until it is flat' })),
  ...[-4049, -4050, -4051, -4054, -4055].map((code): CodeRow => ({ code, meaning: 'a change of an isolated position\'s margin is refused', reaction: 'defect', why: 'we change none' })),
  { code: -4056, meaning: 'the API key is of the wrong type', reaction: 'halt', why: 'as −2015' },
  { code: -4059, meaning: 'no need to change the position side', on: ['CONFIGURE'], reaction: 'done', why: 'it is as asked for' },
  ...[-4067, -4068, -4531].map((code): CodeRow => ({ code, meaning: 'the position side cannot be changed with open orders or positions', on: ['CONFIGURE'], reaction: 'refuse', why: 'Vigil never changes it (ruling 7)' })),
  { code: -4061, meaning: 'the position side does not match the account\'s', on: WRITES, reaction: 'modes', why: 'the account was put into hedge mode under us (failure 53)' },
  { code: -4082, meaning: 'too many orders in a batch', reaction: 'defect', why: 'we send none' },
  ...[-4105, -4106, -4107, -4140, -4141].flatMap((code): CodeRow[] => [
    { code, meaning: 'the symbol is reduce-only, closed, or not open for trading', on: ['OPEN', 'CONFIGURE'], reaction: 'refuse', pause: { of: 'symbol', until: 5 * MINUTE_MS }, why: 'the universe is read again meanwhile (failure 19)' },
    { code, meaning: 'the symbol is reduce-only, closed, or not open for trading', on: REDUCING, reaction: 'reconcile', why: 'the venue settles what is held in a closed symbol by itself' },
  ]),
  { code: -4109, meaning: 'the account is inactive', on: ['OPEN', 'CONFIGURE'], reaction: 'refuse', pause: { of: 'all', until: 15 * MINUTE_MS }, why: 'its owner must make it active at the venue' },
  { code: -4109, meaning: 'the account is inactive', on: REDUCING, reaction: 'reconcile', why: 'an inactive account holds nothing' },
  { code: -4116, meaning: 'the client order id is duplicated', on: ORDERS, reaction: 'ask', why: 'what we sent is there (operators\' 16)' },
  { code: -4117, meaning: 'the stop order is triggering', on: ['CANCEL'], reaction: 'reconcile', why: 'the cancel came too late: it fires' },
  { code: -4118, meaning: 'reduce-only failed: look at position and open orders', on: REDUCING, reaction: 'reconcile', why: 'orders that reduce it already take up the position (operators\' 38)' },
  { code: -4120, meaning: 'this kind of order belongs to the algo service', on: ['PROTECT'], reaction: 'no-stop', pause: { of: 'all', until: 15 * MINUTE_MS }, why: 'the venue has moved it again: no stop stands (failure 89b)' },
  { code: -4130, meaning: 'a closePosition order of this side stands', on: ['PROTECT'], reaction: 'reconcile', why: 'ours never are closePosition: somebody else\'s stands (failure 90)' },
  { code: -4131, meaning: 'the best price is too far from the mark price', on: ['OPEN'], reaction: 'refuse', pause: { of: 'symbol', until: MINUTE_MS }, why: 'the book is thin: wait for it to recover' },
  { code: -4131, meaning: 'the best price is too far from the mark price', on: ['CLOSE', 'PROTECT'], reaction: 'refuse', why: 'the book is thin; what reduces is asked for again' },
  ...[-4137, -4138].map((code): CodeRow => ({ code, meaning: 'quantity or reduceOnly do not fit closePosition', reaction: 'defect', why: SHAPE })),
  { code: -4161, meaning: 'the leverage cannot be lowered with an isolated position open', on: ['CONFIGURE'], reaction: 'refuse', why: 'openings of the symbol wait until it is flat' },
  { code: -4164, meaning: 'the notional is too small', reaction: 'defect', why: `an opening is sized above it, and reduce-only is exempt: ${FILTERS} (failures 34, 35)` },
  { code: -4171, meaning: 'no need to change the multi-assets mode', reaction: 'defect', why: 'Vigil never changes it (ruling 7)' },
  { code: -4192, meaning: 'trading is forbidden by a cooling-off period', on: ['OPEN', 'CONFIGURE'], reaction: 'refuse', pause: { of: 'all', until: 60 * MINUTE_MS }, why: 'the account\'s owner or the venue has asked for it; it lasts hours' },
  { code: -4192, meaning: 'trading is forbidden by a cooling-off period', on: REDUCING, reaction: 'refuse', why: 'closing is meant to be allowed: asked for again' },
  ...[-4400, -4401].flatMap((code): CodeRow[] => [
    { code, meaning: 'the venue\'s quantitative rules were broken: reduce-only for a while', on: ['OPEN', 'CONFIGURE'], reaction: 'refuse', pause: { of: 'all', until: 10 * MINUTE_MS }, why: 'going on makes the while longer' },
    { code, meaning: 'the venue\'s quantitative rules were broken: reduce-only for a while', on: REDUCING, reaction: 'reconcile', why: 'what reduces is allowed: there is less to reduce than we think' },
  ]),
  { code: -4411, meaning: 'an agreement must be signed for this symbol', on: ['OPEN', 'CONFIGURE'], reaction: 'refuse', pause: { of: 'symbol', until: 24 * 60 * MINUTE_MS }, why: 'its owner signs it once, with POST /fapi/v1/stock/contract' },
  { code: -5000, meaning: 'there is no such path', reaction: 'defect', why: SHAPE },
  ...[-5021, -5022].map((code): CodeRow => ({ code, meaning: 'the order could not be filled whole, or would have taken', reaction: 'defect', why: 'ours are IOC and MARKET: neither all-or-nothing nor post-only' })),
  ...[-5024, -5025, -5026, -5027, -5028, -5029].map((code): CodeRow => ({ code, meaning: 'an amendment is refused', reaction: 'defect', why: 'we amend none' })),
  { code: -5040, meaning: 'the goodTillDate is out of its bounds', reaction: 'defect', why: 'we send none' },
  { code: -5041, meaning: 'no depth matches this order', reaction: 'defect', why: 'we do not use priceMatch' },
];

export interface StatusRow {
  readonly status: string;
  readonly meaning: string;
  /** Undefined: no HTTP answer at all. */
  readonly fits: (status: number | undefined, text: string, code: number | undefined) => boolean;
  readonly write: Reaction;
  readonly read: Reaction;
  readonly why: string;
}

/** Asked before the codes: what the status and the text say on their own. */
export const VENUE_STATUSES: readonly StatusRow[] = [
  { status: 'none', meaning: 'no answer: reset, timeout, no connection', fits: (status) => status === undefined, write: 'ask', read: 'again', why: 'the request may have arrived' },
  { status: '429, 418', meaning: 'too many requests; the address is banned', fits: (status) => status === 429 || status === 418, write: 'rest', read: 'rest', why: 'as −1003' },
  { status: '408', meaning: 'timeout behind the venue\'s door', fits: (status) => status === 408, write: 'ask', read: 'again', why: 'as −1007' },
  { status: '401', meaning: 'key, signature or permission', fits: (status, _text, code) => status === 401 && (code === undefined || rowOf('READ', code) === undefined), write: 'halt', read: 'halt', why: 'as −2015; the code, where it is known, says it more exactly' },
  { status: '503 "Service Unavailable."', meaning: 'failed before it was looked at', fits: (status, text) => status === 503 && /^Service Unavailable\.?$/i.test(text.trim()), write: 'refuse', read: 'again', why: 'a definite failure in the venue\'s own words' },
  { status: '503 "Internal error; unable to process your request."', meaning: 'failed', fits: (status, text) => status === 503 && /^Internal error; unable to process/i.test(text), write: 'refuse', read: 'again', why: 'a definite failure in the venue\'s own words' },
  { status: '5xx but −1008', meaning: 'anything else of the servers, "Unknown error" among it', fits: (status, _text, code) => status !== undefined && status >= 500 && (code === undefined || rowOf('OPEN', code)?.reaction !== 'rest'), write: 'ask', read: 'again', why: 'accepted perhaps, and no answer in time' },
  { status: '403, without a code', meaning: 'a firewall, before the engine', fits: (status, _text, code) => status === 403 && code === undefined, write: 'ask', read: 'rest', why: 'the venue\'s own shuts out who asks too much, longer for each further question; a write is asked for all the same' },
  { status: 'below 500, without a code', meaning: 'a redirect, a page', fits: (_status, _text, code) => code === undefined, write: 'ask', read: 'again', why: 'whoever answered was not the engine: what it did is not known' },
];

function rowOf(asked: Asked, code: number): CodeRow | undefined {
  return VENUE_CODES.find((row) => row.code === code && (row.on === undefined || row.on.includes(asked)));
}

const CODES: ReadonlySet<number> = new Set(VENUE_CODES.map((row) => row.code));

/** What the venue's `code`, a definite answer, prescribes for what was asked. A positive one is the status of an answer without a code. */
export function reactionTo(asked: Asked, code: number): Reaction {
  if (code > 0) return code === 401 ? 'halt' : 'refuse';
  return rowOf(asked, code)?.reaction ?? (CODES.has(code) ? 'defect' : 'unknown');
}

/** How long openings rest after `code`; undefined: they do not. */
export function entryPauseAfter(asked: Asked, code: number): EntryPause | undefined {
  return rowOf(asked, code)?.pause;
}

/** What an answer that was no success prescribes. `status` undefined: there was no answer. */
export function reactionToAnswer(asked: Asked, status: number | undefined, code: number | undefined, text: string): Reaction {
  const row = VENUE_STATUSES.find((one) => one.fits(status, text, code));
  if (row !== undefined) return asked === 'READ' ? row.read : row.write;
  return code === undefined ? 'ask' : reactionTo(asked, code);
}

/** What the table says of a code, in words; undefined: the code is not in it. */
export function meaningOf(code: number): string | undefined {
  return VENUE_CODES.find((row) => row.code === code)?.meaning;
}
