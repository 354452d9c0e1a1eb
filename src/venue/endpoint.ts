/** One venue is one value: both addresses always come together from here, so that a half-pointed client cannot exist (failure 29). */
import { VigilError } from '../protocol/errors.ts';

export type VenueMode = 'paper' | 'testnet' | 'mainnet';

/** The addresses of one venue: origins without path or trailing slash (the SDK would make `//fapi` of one). */
export interface VenueEndpoint {
  readonly mode: VenueMode;
  readonly restUrl: string;
  readonly streamUrl: string;
  /** Where the venue tells what a key may do; undefined: this venue does not tell. */
  readonly keysUrl?: string;
}

export interface EndpointSettings {
  readonly mode: VenueMode;
  /** `venue.armed`: the main venue opens only to the word `mainnet`. */
  readonly armed: string | undefined;
  /** `http://HOST:PORT` of a paper exchange on this machine; asked for in mode paper only. */
  readonly paperUrl: string | undefined;
}

/** The pair the exchange documents as testnet since May 2026; keys come from demo.binance.com. */
const TESTNET = { restUrl: 'https://demo-fapi.binance.com', streamUrl: 'wss://fstream.binancefuture.com' };
const MAINNET = { restUrl: 'https://fapi.binance.com', streamUrl: 'wss://fstream.binance.com', keysUrl: 'https://api.binance.com' };

/**
 * The endpoint of `settings.mode`.
 * @throws VigilError VENUE_NOT_ARMED, VENUE_ADDRESS_REFUSED
 */
export function resolveEndpoint(settings: EndpointSettings): VenueEndpoint {
  switch (settings.mode) {
    case 'paper':
      return paperEndpoint(settings.paperUrl);
    case 'testnet':
      return { mode: 'testnet', ...TESTNET };
    case 'mainnet':
      if (settings.armed !== 'mainnet') {
        throw new VigilError('VENUE_NOT_ARMED', `venue.mode is mainnet, venue.armed is ${JSON.stringify(settings.armed ?? null)}`, { details: { armed: settings.armed ?? null } });
      }
      return { mode: 'mainnet', ...MAINNET };
    default:
      // Reached only by a value that no type checked.
      throw new VigilError('VENUE_ADDRESS_REFUSED', `venue.mode: ${JSON.stringify(settings.mode)} is not paper, testnet or mainnet`);
  }
}

function paperEndpoint(paperUrl: string | undefined): VenueEndpoint {
  const url = paperUrl === undefined ? null : URL.parse(paperUrl);
  if (url === null) throw refused(paperUrl, 'is not an address');
  if (url.protocol !== 'http:') throw refused(paperUrl, 'is not http://');
  if (url.username !== '' || url.password !== '') throw refused(url.host, 'carries a user or a password');
  if (!isLoopback(url.hostname)) throw refused(paperUrl, 'is not on loopback (127.0.0.0/8, ::1, localhost)');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw refused(paperUrl, 'has a path');
  return { mode: 'paper', restUrl: `http://${url.host}`, streamUrl: `ws://${url.host}` };
}

/** `URL` has already written every IPv4 spelling (`127.1`, `0x7f000001`) as four decimal numbers. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

function refused(value: string | undefined, why: string): VigilError {
  return new VigilError('VENUE_ADDRESS_REFUSED', `venue.paper.url: ${JSON.stringify(value ?? null)} ${why}`, { details: { value: value ?? null } });
}
