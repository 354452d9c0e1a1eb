/** One judgement of health, by name, with the words for a person; the worst of them is the judgement of the whole. */
export type HealthStatus = 'ok' | 'degraded' | 'failing';

export interface HealthCheck {
  readonly name: string;
  readonly status: HealthStatus;
  readonly message: string;
  /** Age of the fact the check rests on; 0 for what was read this moment. */
  readonly ageMs: number;
}

export function check(name: string, status: HealthStatus, message: string, ageMs = 0): HealthCheck {
  return { name, status, message, ageMs };
}

/** Wall time may jump back: an age is never negative. */
export function age(now: number, since: number): number {
  return Math.max(0, Math.round(now - since));
}

export function worst(statuses: readonly HealthStatus[]): HealthStatus {
  if (statuses.includes('failing')) return 'failing';
  return statuses.includes('degraded') ? 'degraded' : 'ok';
}
