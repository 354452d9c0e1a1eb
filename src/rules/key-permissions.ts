/** What an API key must be able to do, and what it must not: judged once at the start, before anything is opened. */
import type { ErrorCode } from '../protocol/errors.ts';
import type { AccountModes, KeyPermissions } from '../protocol/venue.ts';

export type VenueKind = 'paper' | 'testnet' | 'mainnet';

export interface KeyJudgement {
  /** Why the service does not run with this key. */
  readonly refused: { readonly code: ErrorCode; readonly message: string } | undefined;
  /** What is unwise about it, and tolerated. */
  readonly warnings: readonly string[];
}

const MAY_WITHDRAW = 'the API key may withdraw; whoever gets hold of it gets the money. Make one for trading alone: futures enabled, withdrawals not';
/** A testnet says it of the account, not of the key. */
const ELSEWHERE = 'account and key may withdraw here; on the main venue such a key is refused';

/** On the main venue what is not known of withdrawing counts as allowed; money of a testnet or of paper can be lost. */
export function judgeKey(kind: VenueKind, key: KeyPermissions, modes: AccountModes): KeyJudgement {
  const warnings = [
    key.canWithdraw === true && kind !== 'mainnet' ? ELSEWHERE : undefined,
    key.ipRestricted === false ? 'the API key may be used from any address; name this machine\'s at the venue, and a stolen key is worth nothing elsewhere' : undefined,
  ].filter((warning) => warning !== undefined);
  return { refused: refusalOf(kind, key, modes), warnings };
}

function refusalOf(kind: VenueKind, key: KeyPermissions, modes: AccountModes): KeyJudgement['refused'] {
  if (!modes.canTrade || key.canTrade === false) return { code: 'KEY_READ_ONLY', message: `the ${modes.canTrade ? 'API key' : 'account'} may not trade futures: ${modes.canTrade ? 'enableFutures' : 'canTrade'} is false` };
  if (kind !== 'mainnet' || key.canWithdraw === false) return undefined;
  return { code: 'KEY_MAY_WITHDRAW', message: key.canWithdraw === true ? MAY_WITHDRAW : 'the venue does not say whether the API key may withdraw, and what is not known is not fine' };
}
