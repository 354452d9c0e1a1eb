/** The account modes Vigil trades in (ruling 7); for any other, the call that changes it. Vigil never makes that call itself. */
import type { AccountModes } from '../protocol/venue.ts';

/** What is wrong with the account's modes and how to change it; undefined: nothing. */
export function accountModeFault(modes: AccountModes): string | undefined {
  const faults = [
    modes.hedgeMode ? 'the account is in hedge mode; POST /fapi/v1/positionSide/dual with dualSidePosition=false changes it (all positions and orders closed first)' : undefined,
    modes.multiAssets ? 'the account is in multi-assets mode; POST /fapi/v1/multiAssetsMargin with multiAssetsMargin=false changes it' : undefined,
    modes.feeBurn ? 'fees are paid in BNB; POST /fapi/v1/feeBurn with feeBurn=false changes it' : undefined,
  ].filter((fault) => fault !== undefined);
  return faults.length === 0 ? undefined : faults.join('; ');
}
