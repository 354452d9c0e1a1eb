/** Orders that the venue makes by itself, told by their client id, or their type (reference binance-wire, b.9). */

export type VenueMade = 'LIQUIDATION' | 'ADL' | 'SETTLEMENT';

const PREFIXES: readonly (readonly [string, VenueMade])[] = [
  ['adl_autoclose', 'ADL'],
  ['settlement_autoclose-', 'SETTLEMENT'],
  ['autoclose-', 'LIQUIDATION'],
];

/** What the venue closed a position for; undefined: somebody else sent the order. */
export function venueMadeBy(clientId: string, type?: string): VenueMade | undefined {
  return PREFIXES.find(([prefix]) => clientId.startsWith(prefix))?.[1] ?? (type === 'LIQUIDATION' ? 'LIQUIDATION' : undefined);
}
