/** Faults are collected, not thrown one by one: whoever corrects a configuration sees all of them at once. */
import { VigilError } from '../protocol/errors.ts';
import type { Field } from './fields.ts';

export interface Fault {
  /** The key (`trading.leverage`, `universe.symbols[2]`), or the variable or flag that names none. */
  readonly path: string;
  /** As given, secrets as "[redacted]"; absent where there is none to show. */
  readonly value?: string;
  /** `config/vigil.yaml:12`, `VIGIL_TRADING__LEVERAGE`, `--set`, `default`. */
  readonly source: string;
  readonly expected: string;
}

export const REDACTED = '[redacted]';
const SHOWN_CHARACTERS = 80;

/** A value as a fault may show it. */
export function shown(value: unknown, about: Pick<Field, 'secret'> | undefined): string {
  if (about?.secret === true) return REDACTED;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** An unknown key may be a misspelt secret: its value is shown only if nothing speaks for that. */
export function shownOfUnknown(path: string, value: unknown, nearest: Field): string {
  return shown(value, { secret: nearest.secret === true || /key|secret|token|pass|credential/i.test(path) });
}

/** @throws VigilError CONFIG_INVALID if there is any. */
export function throwFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const lines = faults.map(({ path, value, source, expected }) => `  ${path}${value === undefined ? '' : ` = ${value}`} (${source}): expected ${expected}`);
  throw new VigilError('CONFIG_INVALID', `${faults.length === 1 ? 'one fault' : `${faults.length} faults`} in the configuration\n${lines.join('\n')}`, { details: { faults } });
}
