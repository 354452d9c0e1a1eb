/** What is not known is said to be so, in time: an actor that does not come to its turn makes nobody wait for long. */
import { expect } from 'chai';
import { stateInTurn } from '../../src/operator/known.ts';
import type { Known } from '../../src/operator/known.ts';
import { World } from '../kit/world.ts';
import { puppet } from './kit/puppet-actor.ts';

async function asked(act: (world: World) => void | Promise<void>) {
  const world = new World();
  await world.start(puppet(world.system, 'puppet', { now: true }, { policy: { backoff: { minMs: 60_000, maxMs: 60_000 } } }));
  let answer: Known<unknown> | undefined;
  stateInTurn(world.system, 'puppet').then(
    (known) => (answer = known),
    () => undefined,
  );
  await act(world);
  return { world, answer: () => answer };
}

describe('the state of an actor', () => {
  it('is what it shows in its own turn, without secrets', async () => {
    const { answer } = await asked((world) => world.settle());
    expect(answer()).to.deep.equal({ known: true, value: { count: 0, apiSecret: '[redacted]' } });
  });

  it('is not known, half a second later, when it ends before its turn comes', async () => {
    const { world, answer } = await asked((world) => void world.system.control('puppet', 'kill', 'test'));
    await world.advance(499);
    expect(answer()).to.equal(undefined);
    await world.advance(1);
    await world.settle();
    expect(answer()).to.deep.equal({ known: false, why: 'puppet: its turn took longer than 500 ms' });
  });

  it('is not known, at once, of one that does not run, and of nobody', async () => {
    const { world } = await asked((world) => void world.system.control('puppet', 'kill', 'test'));
    expect(await stateInTurn(world.system, 'puppet')).to.deep.equal({ known: false, why: 'puppet is restarting' });
    expect(await stateInTurn(world.system, 'nobody')).to.deep.equal({ known: false, why: 'there is no actor nobody' });
  });
});
