/** Flattening as an operator orders it: what is verified flat is told apart from what is not, and nobody calls anything flat but the venue. */
import { expect } from 'chai';
import { run } from './kit/command.ts';
import { life, position } from './kit/readings.ts';
import { GPS, onSocket, RACOON, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

describe('flatten over the API', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startService({ listen: 'off' });
  });
  afterEach(() => service.close());
  const flatten = (body: object) => onSocket(service).post('/v1/flatten', { reason: 'enough', ...body });

  it('sets the state, audits first, and tells what is flat', async () => {
    const { status, json } = await flatten({});
    expect([status, json]).to.deep.equal([200, { flat: [GPS, RACOON], remaining: [] }]);
    expect(service.facts.tradingState).to.include({ overall: 'FLATTENING', cause: 'enough' });
    expect(service.audit.at(-1)).to.deep.include({ action: 'flatten', target: 'all', reason: 'enough' });
  });

  it('waits for what can be closed, and names what is not flat with its stop', async () => {
    service.facts.lives.set(GPS, life(GPS, 'Closing', position()));
    service.facts.lives.set(RACOON, life(RACOON, 'Opening'));
    const { json } = await flatten({ waitMs: 150 });
    expect(json.flat).to.deep.equal([]);
    expect(json.remaining).to.have.length(2);
    expect(json.remaining[0]).to.include({ symbol: GPS, quantity: '19000', stopLoss: '0.0098', state: 'Closing' });
    expect(json.remaining[1]).to.deep.equal({ symbol: RACOON, state: 'Opening' });
  });

  it('ends waiting as soon as all is flat', async () => {
    service.facts.lives.set(GPS, life(GPS, 'Closing', position()));
    const asked = flatten({ waitMs: 60_000 });
    service.facts.lives.set(GPS, life(GPS, 'Flat'));
    expect((await asked).json.remaining).to.deep.equal([]);
  });

  it('one symbol leaves the others alone, and one that is not traded here is refused', async () => {
    service.facts.lives.set(RACOON, life(RACOON, 'Protected', position()));
    expect((await flatten({ symbol: GPS })).json).to.deep.equal({ flat: [GPS], remaining: [] });
    expect(service.facts.tradingState.symbols.get(GPS)).to.equal('FLATTENING');
    expect((await flatten({ symbol: 'GPSUSD' })).status).to.equal(400);
  });

  it('the command ends with 1 while something is left', async () => {
    const asked = (...args: string[]) => run(['flatten', ...args, '--reason', 'enough', '--data-dir', service.dataDir]);
    const done = await asked();
    expect([done.code, done.out]).to.deep.equal([0, `flat, as the venue says: ${GPS}, ${RACOON}\nNothing is left.\n`]);
  });

  it('needs no words first: a reason may be left out, here and at the command, and is on record as asked for', async () => {
    expect((await onSocket(service).post('/v1/flatten')).status).to.equal(200);
    expect(service.audit.at(-1)).to.deep.include({ action: 'flatten', reason: 'asked for by an operator' });
    expect(await run(['flatten', GPS, '--data-dir', service.dataDir])).to.include({ code: 0 });
    expect(service.audit.at(-1)).to.deep.include({ action: 'flatten', target: GPS, reason: 'asked for by an operator' });
  });
});
