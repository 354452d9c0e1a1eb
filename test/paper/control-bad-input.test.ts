/** What the control does not take is answered by field, value and remedy, and changes nothing; every use of it is in the log. */
import { expect } from 'chai';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, startForTest, type Json, type LogLine } from './kit.ts';

const POSTS = ['price', 'clock', 'accounts', 'symbols/GPSUSDT', 'adl', 'stops/drop', 'faults', 'streams'];

/** Endpoint, body, and what the answer says: field first, then value and remedy. */
const bad: readonly (readonly [string, Json, RegExp])[] = [
  ['price', { symbol: 'GPSUSDT', price: 1 }, /^price: expected string, got 1$/],
  ['price', { symbol: 'GPSUSDT', price: '1e-2' }, /^price: a decimal number as a string, such as "0.00862", got "1e-2"$/],
  ['price', { symbol: 'GPSUSDT', price: '-1' }, /^price is -1, expected a positive multiple of the tick size 0.000001$/],
  ['price', { symbol: 'GPSUSDT', price: '0' }, /^price is 0, expected a positive multiple/],
  ['price', { symbol: 'GPSUSDT', price: '0.0000001' }, /^price is 0.0000001, expected a positive multiple of the tick size/],
  ['price', { symbol: 'GPSUSDT', price: '9'.repeat(30) }, /^price is 9{30}, expected at most \d+, the highest of GPSUSDT$/],
  ['price', { symbol: 'gpsusdt', price: '1' }, /^symbol is "gpsusdt", expected one of .*GPSUSDT/],
  ['clock', { offsetMs: '5' }, /^offsetMs: expected number, got "5"$/],
  ['clock', { offsetMs: 0.5 }, /^offsetMs: expected int, got 0.5$/],
  ['clock', { offsetMs: -86_400_001 }, /^offsetMs: expected number to be >=-86400000, got -86400001$/],
  ['accounts', { apiKey: 'a b', apiSecret: 's', balance: '1' }, /^apiKey: expected printable ASCII without spaces, got "a b"$/],
  ['accounts', { apiKey: 'k'.repeat(129), apiSecret: 's', balance: '1' }, /^apiKey: expected string to have <=128 characters, got "k+"$/],
  ['accounts', { apiKey: 'k', apiSecret: '', balance: '1' }, /^apiSecret: expected printable ASCII without spaces, got ""$/],
  ['accounts', { apiKey: 'k', apiSecret: 's', balance: '-1' }, /^balance is -1, expected 0 or more$/],
  ['accounts', { apiKey: 'k', apiSecret: 's', balance: 10 }, /^balance: expected string, got 10$/],
  ['accounts', { apiKey: 'paper', apiSecret: 's', balance: '1' }, /^apiKey is "paper", which has an account already: choose another key$/],
  ['symbols/GPSUSDT', { status: 'OPEN' }, /^status: expected one of "TRADING".*, got "OPEN"$/],
  ['symbols/NOPE', { status: 'CLOSE' }, /^symbol is "NOPE", expected one of .*GPSUSDT/],
  ['symbols/%E5', { status: 'CLOSE' }, /^symbol is "%E5", which is not percent-encoded UTF-8$/],
  ['adl', { symbol: 'NOPE' }, /^symbol is "NOPE", expected one of/],
  ['adl', { symbol: 'GPSUSDT', apiKey: 'nobody' }, /^apiKey is "nobody", expected one of paper$/],
  ['adl', { symbol: 'GPSUSDT', quantity: '0.5' }, /^quantity is 0.5, expected a positive multiple of the step size 1, or none for the whole leg$/],
  ['adl', { symbol: 'GPSUSDT', positionSide: 'UP' }, /^positionSide: expected one of "BOTH"\|"LONG"\|"SHORT", got "UP"$/],
  ['adl', { symbol: 'GPSUSDT' }, /^paper holds no BOTH leg of GPSUSDT .*GET truth shows its positions$/],
  ['stops/drop', { symbol: 7 }, /^symbol: expected string, got 7$/],
  ['stops/drop', { symbol: 'NOPE' }, /^symbol is "NOPE", expected one of/],
  ['faults', { action: 'explode' }, /^action: expected one of "delay".*"rate-limit", got "explode"$/],
  ['faults', { action: 'delay' }, /^delayMs: expected at least 1 for a delay: say how long, got nothing$/],
  ['faults', { action: 'delay', delayMs: 600_001 }, /^delayMs: expected number to be <=600000, got 600001$/],
  ['faults', { action: 'error', status: 200 }, /^status: expected number to be >=400, got 200$/],
  ['faults', { action: 'error', code: '-1008' }, /^code: expected number, got "-1008"$/],
  ['faults', { action: 'error', times: 0 }, /^times: expected number to be >0, got 0$/],
  ['faults', { action: 'error', processed: 'yes' }, /^processed: expected boolean, got "yes"$/],
  ['faults', { action: 'error', match: { method: 'PATCH', path: 'fapi' } }, /^match.method: expected one of .*, got "PATCH"; match.path: must start with "\/", got "fapi"$/],
  ['faults', { action: 'error', match: { url: '/fapi' } }, /^match.url: no such field, got "\/fapi": leave it out$/],
  ['faults', { action: 'rate-limit', status: 503 }, /^status: expected 429 or 418 for a rate-limit, got 503$/],
  ['faults', { action: 'rate-limit', text: 'slow' }, /^text: a rate-limit answers JSON: .*, got "slow"$/],
  ['faults', { action: 'drop-response', status: 503, processed: true }, /^status: means nothing where nothing is answered \(drop-response\): leave it out, .*, got 503; processed: /],
  ['streams', { stream: 'users', action: 'mute' }, /^stream: expected one of "user".*, got "users"; action: .*, got "mute"$/],
  ['streams', { stream: 'user', action: 'silence' }, /^forMs: expected at least 1 for an action that lasts: say how long, got nothing$/],
  ['streams', { stream: 'market', action: 'expire-listen-key' }, /^stream: expected "user" or "all": market streams have no listen key, got "market"$/],
  ['streams', { stream: 'user', action: 'silence', forMs: 600_001 }, /^forMs: expected number to be <=600000, got 600001$/],
];

describe('paper exchange: control, bad input', () => {
  let exchange: PaperExchange & { readonly logs: LogLine[] };
  let client: Client;
  before(async () => {
    exchange = await startForTest();
    client = new Client(exchange.url);
  });
  after(() => exchange.close());

  const message = (json: Json) => String((json['error'] as Json)['message']);
  const uses = () => exchange.logs.filter((line) => line.message === 'the control was used').map(({ fields }) => fields);
  /** All that a use could have changed. */
  const standing = async () => {
    const { accounts } = (await client.control('GET', 'truth')).json;
    const info = (await client.get('/fapi/v1/exchangeInfo')).json['symbols'] as Json[];
    return [accounts, info.map((row) => row['status']), (await client.control('GET', 'faults')).json, (await client.control('GET', 'streams')).json];
  };

  for (const [endpoint, body, expected] of bad) {
    it(`POST ${endpoint} ${JSON.stringify(body).slice(0, 90)}`, async () => {
      const before = await standing();
      const { status, json } = await client.control('POST', endpoint, body);
      expect(message(json)).to.match(expected);
      expect(status).to.equal(/already|holds no/.test(message(json)) ? 409 : 400);
      expect(await standing()).to.deep.equal(before);
    });
  }

  it('says of every endpoint what body it does not take: none, no JSON, another type, unknown fields, all missing fields at once', async () => {
    for (const endpoint of POSTS) {
      const post = async (body: string) => message((await client.raw('POST', `/paper/v1/${endpoint}`, { body })).json);
      expect(await post(''), endpoint).to.equal('body: expected JSON, got ""');
      expect(await post('symbol=GPSUSDT'), endpoint).to.equal('body: expected JSON, got "symbol=GPSUSDT"');
      for (const body of ['[]', 'null', '"x"', '7']) expect(await post(body), endpoint).to.equal(`body: expected object, got ${body}`);
      expect(await post('{"surprise":[1]}'), endpoint).to.match(/: .*got nothing.*; surprise: no such field, got \[1\]: leave it out$/);
    }
    expect(message((await client.raw('POST', '/paper/v1/accounts', { body: '{}' })).json)).to.match(/^apiKey: .*; apiSecret: .*; balance: /);
  });

  it('names the endpoints there are where none is', async () => {
    for (const [method, path] of [['GET', 'price'], ['PUT', 'faults'], ['POST', 'nothing'], ['DELETE', 'truth']] as const) {
      const { status, json } = await client.control(method, path);
      expect([status, (json['error'] as Json)['code']]).to.deep.equal([404, 'CONTROL_UNKNOWN_PATH']);
      expect(message(json)).to.include(`${method} /paper/v1/${path}`).and.include('POST price, clock, accounts');
    }
    for (const path of ['faults/f99', 'streams/s99']) expect(message((await client.control('DELETE', path)).json)).to.match(/"[fs]99": GET \w+ lists them$/);
  });

  it('has every use in the log, whatever came of it, without secrets', async () => {
    const used: [string, string, unknown, number][] = [
      ['GET', 'truth', undefined, 200], ['POST', 'price', { symbol: 'GPSUSDT', price: '0.009' }, 200], ['POST', 'clock', { offsetMs: 0 }, 200], ['POST', 'accounts', { apiKey: 'logged', apiSecret: 'hidden"twig', balance: '1' }, 200],
      ['POST', 'symbols/GPSUSDT', { status: 'TRADING' }, 200], ['POST', 'adl', { symbol: 'GPSUSDT' }, 409], ['POST', 'stops/drop', { symbol: 'GPSUSDT' }, 200], ['POST', 'faults', { action: 'reset', match: { path: '/never' } }, 200], ['GET', 'faults', undefined, 200], ['DELETE', 'faults/f1', undefined, 200], ['DELETE', 'faults', undefined, 200],
      ['POST', 'streams', { stream: 'user', action: 'silence', forMs: 1_000 }, 200], ['GET', 'streams', undefined, 200], ['DELETE', 'streams/s1', undefined, 200], ['DELETE', 'streams', undefined, 200], ['POST', 'nothing', {}, 404], ['POST', 'price', { symbol: 'NOPE', price: '1' }, 400],
    ];
    const before = uses().length;
    for (const [method, path, body, status] of used) expect((await client.control(method, path, body)).status, path).to.equal(status);
    const logged = uses().slice(before);
    expect(logged.map(({ method, path, status }) => [method, path, status])).to.deep.equal(used.map(([method, path, , status]) => [method, `/paper/v1/${path}`, status]));
    expect(logged[1]!['body']).to.equal('{"symbol":"GPSUSDT","price":"0.009"}');
    expect(JSON.stringify(logged)).to.include('logged').and.not.include('hidden').and.not.include('twig');
  });
});
