/** What an executor remembers of single orders goes with them: a process runs for months. */
import { expect } from 'chai';
import { forgetOver, newState } from '../../src/actors/executor/state.ts';
import type { ExecutorContext, ExecutorOptions } from '../../src/actors/executor/state.ts';
import { endFlight } from '../../src/actors/executor/went-out.ts';
import type { ClientId } from '../../src/protocol/names.ts';
import { GPS } from '../kit/actors.ts';

const ids = ['first', 'second', 'third'] as ClientId[];

describe('executor: memory', () => {
  it('keeps nothing of writes that are on no record any more', () => {
    const state = newState({ symbol: GPS } as ExecutorOptions);
    const ctx = { clock: { monotonic: () => 1_000 } } as ExecutorContext;
    for (const clientId of ids) {
      state.absences.set(`${clientId} asked too late` as ClientId, { times: 1, askedAt: 1 });
      state.inFlight.set(clientId, 1);
      endFlight(state, clientId, ctx);
    }
    expect([...state.answeredAt.keys()]).to.deep.equal(['third']);
    expect([...state.absences.keys()]).to.deep.equal([]);
    expect([...state.inFlight.keys()]).to.deep.equal([]);
  });

  it('forgets what has been waited for, and nothing that has not', () => {
    const busyUntil = new Map([['cancel:first', 999], ['cancel:second', 1_000], ['cancel:third', 1_001]]);
    forgetOver(busyUntil, 1_000);
    expect([...busyUntil.keys()]).to.deep.equal(['cancel:third']);
  });
});
