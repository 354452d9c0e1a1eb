/** The second fence before real money, independent of how the endpoint was made: no client is built for a host that is not its mode's. */
import { VigilError } from '../protocol/errors.ts';
import type { VenueEndpoint } from './endpoint.ts';

type Kind = 'loopback' | 'testnet' | 'live' | 'foreign';

/**
 * Refuses an endpoint whose hosts are not of its mode, and a live host unless the mode is mainnet and armed.
 * Shares neither tables nor tests with `resolveEndpoint` on purpose: an error in one is caught by the other.
 * @throws VigilError VENUE_NOT_ARMED, VENUE_ADDRESS_REFUSED
 */
export function assertEndpoint(endpoint: VenueEndpoint, armed: string | undefined): void {
  const addresses = [
    { address: endpoint.restUrl, secure: 'https:', plain: 'http:' },
    { address: endpoint.streamUrl, secure: 'wss:', plain: 'ws:' },
    ...(endpoint.keysUrl === undefined ? [] : [{ address: endpoint.keysUrl, secure: 'https:', plain: 'http:' }]),
  ];
  for (const { address, secure, plain } of addresses) {
    const url = URL.parse(address);
    if (url === null || address.endsWith('/') || url.pathname !== '/' || url.username !== '' || url.search !== '') {
      throw new VigilError('VENUE_ADDRESS_REFUSED', `${JSON.stringify(address)} is not a plain origin`);
    }
    const kind = kindOf(url.hostname);
    if (kind === 'live' && (endpoint.mode !== 'mainnet' || armed !== 'mainnet')) {
      throw new VigilError('VENUE_NOT_ARMED', `${url.hostname} trades real money; mode is ${endpoint.mode}, armed is ${JSON.stringify(armed ?? null)}`);
    }
    const expected: Kind = endpoint.mode === 'paper' ? 'loopback' : endpoint.mode === 'testnet' ? 'testnet' : 'live';
    if (kind !== expected || url.protocol !== (kind === 'loopback' ? plain : secure)) {
      throw new VigilError('VENUE_ADDRESS_REFUSED', `${url.protocol}//${url.hostname} does not belong to mode ${endpoint.mode}`);
    }
  }
}

/** By suffix: every host of binance.com but the demo ones counts as live, also those we never use. */
function kindOf(hostname: string): Kind {
  if (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')) return 'loopback';
  if (hostname === 'binancefuture.com' || hostname.endsWith('.binancefuture.com')) return 'testnet';
  if (hostname.startsWith('demo-') && hostname.endsWith('.binance.com')) return 'testnet';
  if (hostname === 'binance.com' || hostname.endsWith('.binance.com') || hostname.endsWith('.binance.us')) return 'live';
  return 'foreign';
}
