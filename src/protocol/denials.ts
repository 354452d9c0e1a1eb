/** The catalogue of refusals: why a signal, intent, plan or write did not go on. Each is counted, kept and explained; none is only a log line. */

interface Refusal {
  readonly sentence: string;
  readonly remedy: string;
  /** Counts towards "the pipeline is misconfigured" (ruling 27). */
  readonly misconfiguration?: true;
}

export const DENIALS = {
  // generator
  SIGNAL_HOLD: { sentence: 'The strategy sees no reason to trade.', remedy: 'None: holding is a decision.' },
  CONFIDENCE_LOW: { sentence: 'The confidence is below the publishing threshold.', remedy: 'Lower generator.minConfidence if this is not wanted.' },
  MODEL_UNAVAILABLE: { sentence: 'The model server did not answer, or answered nonsense, and there is no fallback.', remedy: 'Look at the model server; `vigil inspect generator/remote-model` shows its last failure.' },
  STRATEGY_CRASHED: { sentence: 'The strategy crashed on this symbol, which is left out for a while.', remedy: '`vigil inspect generator/NAME` shows the crash; correct the strategy, or take the symbol out of the universe.' },
  MARKET_DATA_MISSING: { sentence: 'A price or ticker the strategy needs is unknown or too old.', remedy: 'Look at the market actor and its streams.' },
  // bridge
  INTENT_INVALID: { sentence: 'The intent has faults.', remedy: 'Correct the fields named.', misconfiguration: true },
  INTENT_EXPIRED: { sentence: 'The intent is older than its validity.', remedy: 'If this repeats, look for a slow actor in `vigil tree`.' },
  INTENT_DUPLICATE: { sentence: 'The same signal has already led to an order.', remedy: 'None: one signal is one position.' },
  SOURCE_NOT_LIVE: { sentence: 'The source is a shadow: it is watched, and trades nothing.', remedy: 'Move it from generator.shadows to generator.strategies if it is to trade.', misconfiguration: true },
  SOURCE_UNKNOWN: { sentence: 'The source of the intent is not declared.', remedy: 'Declare it in the configuration.', misconfiguration: true },
  SYMBOL_NOT_IN_POLICY_UNIVERSE: { sentence: 'The symbol is not in the universe.', remedy: 'Compare the generator\'s symbols with `vigil universe`.', misconfiguration: true },
  UNIVERSE_SHRUNK: { sentence: 'Too many symbols of the universe vanished at once.', remedy: 'Look at `vigil universe`; `vigil universe accept --reason …` takes what is left.' },
  UNIVERSE_UNKNOWN: { sentence: 'The universe has not been determined yet.', remedy: 'Wait for the venue; `vigil health` says what is missing.' },
  POSITION_OPEN: { sentence: 'The symbol has an open position.', remedy: 'None: one position a symbol.' },
  POSITION_OPENING: { sentence: 'An opening of the symbol is under way.', remedy: 'None: one order life at a time.' },
  POSITION_CLOSING: { sentence: 'The symbol is being closed.', remedy: 'Wait until it is flat.' },
  POSITION_UNRESOLVED: { sentence: 'The symbol\'s state at the venue is not known for sure (Ambiguous, Drifted, or not yet loaded).', remedy: 'Wait for the resolution; `vigil inspect executor/SYMBOL` shows it.' },
  QUANTITY_TOO_SMALL: { sentence: 'The quantity is below the venue\'s minimum.', remedy: 'Raise trading.notional.', misconfiguration: true },
  QUANTITY_TOO_LARGE: { sentence: 'The quantity is above the venue\'s maximum.', remedy: 'Lower trading.notional.', misconfiguration: true },
  NOTIONAL_TOO_SMALL: { sentence: 'The notional is below the venue\'s minimum, one step more included.', remedy: 'Raise trading.notional.', misconfiguration: true },
  PRICE_OUT_OF_BOUNDS: { sentence: 'The limit price is outside what the venue allows.', remedy: 'Look at the symbol\'s mark price and filters.' },
  STOP_INVALID: { sentence: 'The stop or target is missing or on the wrong side.', remedy: 'Correct trading.stopLossPercent and trading.takeProfitPercent.', misconfiguration: true },
  // governor
  SERVICE_STOPPING: { sentence: 'The service is being stopped.', remedy: 'None: the next signal after the start is a new plan.' },
  TRADING_HALTED: { sentence: 'Trading is halted.', remedy: '`vigil activate --reason …` when the cause is gone.' },
  TRADING_REDUCING: { sentence: 'Only reducing is allowed.', remedy: '`vigil activate --reason …` when the cause is gone.' },
  TRADING_FLATTENING: { sentence: 'Everything is being closed.', remedy: '`vigil activate --reason …` when the cause is gone.' },
  TRADING_STATE_UNKNOWN: { sentence: 'The trading state has not been reported.', remedy: 'Look at the trading-state actor.' },
  NOT_READY: { sentence: 'Not everything that a decision needs is known yet.', remedy: '`vigil health` says what is missing.' },
  EQUITY_MISSING: { sentence: 'The equity has never been observed.', remedy: 'Look at the account actor.' },
  EQUITY_STALE: { sentence: 'The equity was observed too long ago.', remedy: 'Look at the account actor.' },
  PRICE_MISSING: { sentence: 'The mark price has never been observed.', remedy: 'Look at the market actor.' },
  PRICE_STALE: { sentence: 'The mark price was observed too long ago.', remedy: 'Look at the market actor.' },
  MARKET_SILENT: { sentence: 'Nothing of the symbol has been received for too long, whatever the times in what was.', remedy: 'None if it passes: it is subscribed anew, then its connection is replaced. Else look at the market actor, and at the venue\'s status page.' },
  STREAM_STALE: { sentence: 'The user stream is not live.', remedy: '`vigil inspect user-stream` says what it waits for; `vigil inspect listen-key`, if that is its key.' },
  NOT_RECONCILED: { sentence: 'The venue has not been compared with the journal since the stream was (re)connected.', remedy: 'Look at the reconciler.' },
  CLOCK_SKEW: { sentence: 'Our clock and the venue\'s differ too much, or the difference is unknown.', remedy: 'Synchronise this machine\'s clock.' },
  SPREAD_WIDE: { sentence: 'The spread is too wide, or unknown.', remedy: 'None: wait for the book to recover.' },
  MAX_POSITIONS: { sentence: 'The limit of open and opening positions is reached.', remedy: 'Raise risk.maxPositions if this is not wanted.' },
  NOTIONAL_PER_TRADE: { sentence: 'The notional at the worst price is above the limit of a trade.', remedy: 'Lower trading.notional or raise risk.notionalPerTrade.', misconfiguration: true },
  NOTIONAL_TOTAL: { sentence: 'The notional of all positions and reservations would be above the limit.', remedy: 'Raise risk.notionalTotal if this is not wanted.' },
  MARGIN_INSUFFICIENT: { sentence: 'The available margin does not cover the opening.', remedy: 'Add margin or lower trading.notional.' },
  LEVERAGE_UNCONFIRMED: { sentence: 'Leverage and margin mode of the symbol are not confirmed by the venue.', remedy: '`vigil inspect executor/SYMBOL` shows what the venue says.' },
  LEVERAGE_BRACKET: { sentence: 'The notional is above what the venue allows at this leverage, or the bracket is unknown.', remedy: 'Lower trading.leverage or trading.notional.' },
  SYMBOL_COOLDOWN: { sentence: 'The symbol was closed a moment ago.', remedy: 'None: wait for the cooldown; or `vigil locks clear ID`.' },
  RATE_HOURLY: { sentence: 'The openings of this hour are used up.', remedy: 'Raise risk.opensPerHour if this is not wanted.' },
  RATE_BURST: { sentence: 'The openings of these five minutes are used up.', remedy: 'Raise risk.opensPer5Min if this is not wanted.' },
  DAILY_LOSS: { sentence: 'The loss of this day (UTC), open positions included, has reached its limit, or is unknown.', remedy: 'None: it ends with the day.' },
  DRAWDOWN: { sentence: 'The equity is too far below its peak, or the peak is unknown.', remedy: '`vigil activate --reason …` begins a new session; the all-time peak stays.' },
  LOSS_STREAK: { sentence: 'Too many losses in a row.', remedy: 'None: wait for the pause to end, or `vigil locks clear ID`.' },
  STOP_GUARD: { sentence: 'Too many stops were hit lately.', remedy: 'None: wait for the pause to end, or `vigil locks clear ID`.' },
  LOW_PROFIT: { sentence: 'The symbol has lately earned less than required.', remedy: 'None: wait for the pause to end, or `vigil locks clear ID`.' },
  ERROR_BREAKER: { sentence: 'The venue refused too many orders lately.', remedy: 'Look at the refusals in `vigil explain SYMBOL`; `vigil locks clear ID` when they are understood.' },
  LOCKS_UNKNOWN: { sentence: 'Which locks stand is not known.', remedy: 'Look at the locks actor.' },
  VENUE_PAUSED: { sentence: 'The venue refused something after which openings rest for a while.', remedy: 'The venue\'s code and message are with it; `vigil locks clear ID` when the cause is gone.' },
  VENUE_BANNED: { sentence: 'The venue has banned this address for a while.', remedy: 'None: it is obeyed, and ends by itself.' },
  VOLATILITY_HIGH: { sentence: 'The symbol moves too much, or how much is unknown.', remedy: 'None: wait for calmer prices.' },
  FUNDING_ADVERSE: { sentence: 'The funding to be paid is too high, or unknown.', remedy: 'None: wait for the next interval.' },
  EDGE_BELOW_COST: { sentence: 'The expected move does not cover the costs often enough.', remedy: 'Raise trading.takeProfitPercent, or lower risk.edgeToCost.' },
  KILL_SCORE: { sentence: 'The symbol\'s kill score is too high, or unknown.', remedy: 'None: wait for the regime to change.' },
  SAME_SIGNAL: { sentence: 'This side was stopped out, and the signal has not been gone since.', remedy: 'None: it ends when the change has come back, or after hours.' },
  EXECUTORS_UNREPORTED: { sentence: 'Not every executor has reported since the governor started.', remedy: 'None: it lasts a second or two.' },
  // permit
  PERMIT_UNKNOWN: { sentence: 'The permit was not issued by the governor, or was already used.', remedy: 'Report it: this is a defect.' },
  PERMIT_EXPIRED: { sentence: 'The permit was not used within its life.', remedy: 'If this repeats, look for a slow journal or gateway.' },
  PERMIT_MISMATCH: { sentence: 'The write is not what was permitted.', remedy: 'Report it: this is a defect.' },
  PERMIT_REVOKED: { sentence: 'The governor that granted the permit has been restarted.', remedy: 'None: the next one decides afresh.' },
  PERMIT_EPOCH: { sentence: 'The trading state was lowered after the permit was granted.', remedy: 'None: this is what lowering is for.' },
  PERMIT_FENCED: { sentence: 'The executor was restarted after the permit was granted.', remedy: 'None: the new incarnation decides afresh.' },
  MANDATE_UNKNOWN: { sentence: 'No protection mandate covers the write.', remedy: 'None if it passes within seconds: the governor restores mandates from the executors\' reports.' },
  // execution
  JOURNAL_AWAY: { sentence: 'The journal\'s store is away or unknown, so an opening cannot be made durable and is not sent.', remedy: 'Look at the store: `vigil health` says since when it is away and why. It ends by itself when the store is back.' },
  LEASE_LOST: { sentence: 'This process\' place as the only writer of the journal is in doubt, or a former holder may still be sending.', remedy: 'None if it passes within 20 s; else look for another process on the same journal, and at the journal\'s store.' },
  VENUE_REJECTED: { sentence: 'The venue refused the order.', remedy: 'The venue\'s code and message are with it.' },
  VENUE_KEY_REFUSED: { sentence: 'The venue refuses the API key; what would be refused is held back for some seconds.', remedy: 'Correct the key, its permissions or its addresses at the venue; then `vigil activate --reason …`.' },
  ACCOUNT_MODES_UNCONFIRMED: { sentence: 'The account\'s modes are being read again, or are not those Vigil trades in.', remedy: '`vigil alerts` names the call that changes them, if they are wrong.' },
  VENUE_THROTTLED: { sentence: 'The venue asked us to slow down.', remedy: 'None: it is obeyed.' },
  ENTRY_ABSENT: { sentence: 'The entry never reached the venue.', remedy: 'None: the next signal is a new plan.' },
  ENTRY_UNFILLED: { sentence: 'The entry found nothing at its price.', remedy: 'Raise trading.entrySlippageBps if this repeats.' },
  RESTARTED: { sentence: 'The service or the actor restarted before the order was sent.', remedy: 'None: the next signal is a new plan.' },
  PLAN_TIMEOUT: { sentence: 'A step before sending took too long.', remedy: 'Look for a slow actor in `vigil tree`.' },
} as const satisfies Record<string, Refusal>;

export type DenialCode = keyof typeof DENIALS;

/** The codes that say that something is configured wrongly: they alone count in the ratio of a flow contract (ruling 27). */
export const MISCONFIGURATIONS: ReadonlySet<string> = new Set(Object.entries(DENIALS).filter(([, refusal]) => 'misconfiguration' in refusal).map(([code]) => code));

/** A refusal with the numbers it was decided by. Values are text: decimals stay exact. */
export interface Denial {
  readonly code: DenialCode;
  /** It was not found to be against the rule: what the rule asks for is not known, and unknown denies an opening. */
  readonly unknown?: true;
  readonly limit?: string;
  readonly value?: string;
  readonly ageMs?: number;
  readonly detail?: string;
}
