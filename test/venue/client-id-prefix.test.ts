/** Ids of either prefix reach the venue as they were made, and the SDK prints nothing about them (docs/client-ids.md). */
import { expect } from 'chai';
import type { ClientId } from '../../src/protocol/names.ts';
import { clientIdFor } from '../../src/rules/client-ids.ts';
import { algoAnswer, orderAnswer, venueOn, writes } from './fixtures.ts';
import type { StubVenue } from './stub-venue.ts';
import { startStubVenue } from './stub-venue.ts';

const PRINTING = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;

describe('an order\'s id on the wire', () => {
  let stub: StubVenue;
  const printed: unknown[][] = [];
  const originals = PRINTING.map((name) => [name, console[name]] as const);
  beforeEach(async () => {
    stub = await startStubVenue();
    printed.length = 0;
    for (const name of PRINTING) console[name] = (...args: unknown[]) => void printed.push(args);
  });
  afterEach(async () => {
    for (const [name, original] of originals) console[name] = original;
    await stub.close();
  });

  for (const prefix of ['sdk', 'none'] as const) {
    it(`with the prefix "${prefix}" is what was made of it, for entry, close, stop and cancel, and nothing is printed`, async () => {
      const made = (leg: 'entry' | 'close' | 'stop'): ClientId => clientIdFor('aaaa', leg, 'plan-1', 1, prefix);
      const { gateway } = venueOn(stub);
      stub.script('POST /fapi/v1/order', { body: orderAnswer({ clientOrderId: made('entry') }) }, { body: orderAnswer({ clientOrderId: made('close') }) });
      stub.script('POST /fapi/v1/algoOrder', { body: algoAnswer({ clientAlgoId: made('stop') }) });
      stub.script('DELETE /fapi/v1/order', { body: orderAnswer({ clientOrderId: made('entry'), status: 'CANCELED' }) });
      for (const write of [{ ...writes.open, clientId: made('entry') }, { ...writes.close, clientId: made('close') }, { ...writes.stop, clientId: made('stop') }, { ...writes.cancel, clientId: made('entry') }]) {
        expect((await gateway.write(write)).result, write.kind).to.equal('accepted');
      }
      const sent = stub.requests.map(({ query }) => query['newClientOrderId'] ?? query['clientAlgoId'] ?? query['origClientOrderId']);
      expect(sent).to.deep.equal([made('entry'), made('close'), made('stop'), made('entry')]);
      expect(printed).to.deep.equal([]);
    });
  }
});
