/** Live hosts are reached by no mode but an armed mainnet, at either of two fences (failure 29). */
import { expect } from 'chai';
import { VigilError } from '../../src/protocol/errors.ts';
import type { VenueMode } from '../../src/venue/endpoint.ts';
import { resolveEndpoint } from '../../src/venue/endpoint.ts';
import { assertEndpoint } from '../../src/venue/endpoint-fence.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof VigilError) return error.code;
    throw error;
  }
  return 'none';
}

const paper = (paperUrl: string | undefined) => resolveEndpoint({ mode: 'paper', armed: undefined, paperUrl });

describe('the endpoint of a venue', () => {
  it('brings REST and stream address together, without a trailing slash', () => {
    expect(paper('http://127.0.0.1:8471/')).to.deep.equal({ mode: 'paper', restUrl: 'http://127.0.0.1:8471', streamUrl: 'ws://127.0.0.1:8471' });
    expect(resolveEndpoint({ mode: 'testnet', armed: undefined, paperUrl: undefined })).to.deep.equal({
      mode: 'testnet', restUrl: 'https://demo-fapi.binance.com', streamUrl: 'wss://fstream.binancefuture.com',
    });
    expect(resolveEndpoint({ mode: 'mainnet', armed: 'mainnet', paperUrl: undefined })).to.deep.equal({
      mode: 'mainnet', restUrl: 'https://fapi.binance.com', streamUrl: 'wss://fstream.binance.com', keysUrl: 'https://api.binance.com',
    });
  });

  for (const url of ['http://localhost:1', 'http://[::1]:8471', 'http://127.8.9.10:80', 'http://127.1:9']) {
    it(`takes ${url} as loopback`, () => expect(paper(url).mode).to.equal('paper'));
  }

  for (const url of [
    undefined, '', 'nonsense', 'https://127.0.0.1:8471', 'ws://127.0.0.1:1', 'http://0.0.0.0:1', 'http://10.0.0.1:1', 'http://fapi.binance.com', 'https://fapi.binance.com',
    'http://127.0.0.1.example.com', 'http://localhost.example.com', 'http://user:secret@127.0.0.1:1', 'http://127.0.0.1:1/fapi', 'http://127.0.0.1:1/?x=1', 'http://[::ffff:127.0.0.1]:1', 'http://127.0.0.1@fapi.binance.com',
  ]) {
    it(`refuses ${url} for paper`, () => expect(codeOf(() => paper(url))).to.equal('VENUE_ADDRESS_REFUSED'));
  }

  for (const armed of [undefined, '', 'yes', 'true', 'MAINNET', 'testnet']) {
    it(`does not open the main venue armed with ${JSON.stringify(armed)}`, () =>
      expect(codeOf(() => resolveEndpoint({ mode: 'mainnet', armed, paperUrl: undefined }))).to.equal('VENUE_NOT_ARMED'));
  }

  it('refuses a mode that is none, though its type said otherwise', () =>
    expect(codeOf(() => resolveEndpoint({ mode: 'live' as VenueMode, armed: 'mainnet', paperUrl: undefined }))).to.equal('VENUE_ADDRESS_REFUSED'));
});

describe('the second fence', () => {
  it('lets each resolved endpoint pass', () => {
    assertEndpoint(paper('http://127.0.0.1:8471'), undefined);
    assertEndpoint(paper('http://[::1]:8471'), undefined);
    assertEndpoint(resolveEndpoint({ mode: 'testnet', armed: undefined, paperUrl: undefined }), undefined);
    assertEndpoint(resolveEndpoint({ mode: 'mainnet', armed: 'mainnet', paperUrl: undefined }), 'mainnet');
  });

  const live = { restUrl: 'https://fapi.binance.com', streamUrl: 'wss://fstream.binance.com' };
  const local = { restUrl: 'http://127.0.0.1:1', streamUrl: 'ws://127.0.0.1:1' };
  const refused: [string, VenueMode, { restUrl: string; streamUrl: string }, string | undefined, string][] = [
    ['live hosts under paper', 'paper', live, 'mainnet', 'VENUE_NOT_ARMED'],
    ['live hosts under testnet', 'testnet', live, 'mainnet', 'VENUE_NOT_ARMED'],
    ['live hosts, mainnet, not armed', 'mainnet', live, undefined, 'VENUE_NOT_ARMED'],
    ['other live hosts', 'testnet', { ...live, restUrl: 'https://fapi-mm.binance.com' }, undefined, 'VENUE_NOT_ARMED'],
    ['half-pointed: REST local, streams live', 'paper', { ...local, streamUrl: live.streamUrl }, undefined, 'VENUE_NOT_ARMED'],
    ['half-pointed: streams local, REST live', 'paper', { ...local, restUrl: live.restUrl }, undefined, 'VENUE_NOT_ARMED'],
    ['half-pointed the other way round', 'mainnet', { ...live, streamUrl: local.streamUrl }, 'mainnet', 'VENUE_ADDRESS_REFUSED'],
    ['paper hosts under testnet', 'testnet', local, undefined, 'VENUE_ADDRESS_REFUSED'],
    ['a host that only begins like the venue', 'mainnet', { ...live, restUrl: 'https://fapi.binance.com.example.com' }, 'mainnet', 'VENUE_ADDRESS_REFUSED'],
    ['a host that only ends like the venue', 'mainnet', { ...live, restUrl: 'https://notbinance.com' }, 'mainnet', 'VENUE_ADDRESS_REFUSED'],
    ['live hosts without TLS', 'mainnet', { ...live, restUrl: 'http://fapi.binance.com' }, 'mainnet', 'VENUE_ADDRESS_REFUSED'],
    ['a trailing slash', 'paper', { ...local, restUrl: 'http://127.0.0.1:1/' }, undefined, 'VENUE_ADDRESS_REFUSED'],
  ];
  for (const [name, mode, urls, armed, code] of refused) {
    it(`refuses ${name}`, () => expect(codeOf(() => assertEndpoint({ mode, ...urls }, armed))).to.equal(code));
  }
});
