/** The catalogue of exits: why a position is held, reduced, closed or its stop moved. The code stands among the inputs of a decision of stage `exit`. */

interface ExitReason {
  readonly sentence: string;
  readonly remedy: string;
}

export const EXIT_CODES = {
  HOLD: { sentence: 'Nothing speaks for leaving.', remedy: 'None: stop and target stand on the exchange.' },
  REDUCING: { sentence: 'A part of the position is being closed; nothing else is planned on top of it.', remedy: 'None: it lasts as long as the order.' },
  RISK_UNKNOWN: { sentence: 'The position has no first stop to measure its risk by, so that R is unknown.', remedy: 'None: the passed stop and the kill score go on; look at `vigil positions` if it has no stop.' },
  STOP_PASSED: { sentence: 'The mark stands beyond the stop, and the venue has not triggered it.', remedy: 'None: it is closed at once. If it repeats, look at the venue\'s protections in `vigil trace`.' },
  EMERGENCY: { sentence: 'The loss is well beyond the risk that was taken.', remedy: 'None: it is closed at once (exits.emergencyR).' },
  KILL_SCORE: { sentence: 'The kill score was too high in several evaluations in a row.', remedy: 'None: it is closed, and the symbol rests (exits.killScore, protections.killClose).' },
  TIME_STOP: { sentence: 'The position is old and has gone nowhere.', remedy: 'Raise exits.timeStopMs if this is not wanted.' },
  PROFIT_LOCK: { sentence: 'Enough is earned that the stop may stand in profit.', remedy: 'None: exits.profitLockR and exits.profitLockPercent say when and where.' },
  TIER: { sentence: 'A profit tier is reached: a part is closed, once.', remedy: 'None: exits.tiers says at which R and how much.' },
} as const satisfies Record<string, ExitReason>;

/** Tiers have their R in their code (`TIER_1.5`). Undefined: no code of an exit. */
export function exitReason(code: unknown): ExitReason | undefined {
  if (typeof code !== 'string') return undefined;
  const name = code.startsWith('TIER_') ? 'TIER' : code;
  return Object.hasOwn(EXIT_CODES, name) ? EXIT_CODES[name as keyof typeof EXIT_CODES] : undefined;
}
