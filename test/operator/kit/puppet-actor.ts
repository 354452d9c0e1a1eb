/** An actor that does what it is told: handles, passes on, crashes; with a secret in its state and in its messages. */
import type { Behaviour } from '../../../src/supervision/behaviour.ts';
import { become, same, stop } from '../../../src/supervision/behaviour.ts';
import { worker } from '../../../src/supervision/child-spec.ts';
import type { WorkerOptions, WorkerSpec } from '../../../src/supervision/child-spec.ts';
import type { Ref } from '../../../src/supervision/ref.ts';
import type { ActorSystem } from '../../../src/supervision/system.ts';

export const SECRET = 'hunter2-never-shown';

export type PuppetMessage =
  | { readonly type: 'work'; readonly apiSecret?: string; readonly note?: string }
  | { readonly type: 'pass-on' }
  | { readonly type: 'poison'; readonly apiSecret?: string }
  | { readonly type: 'end' };

/** `poisonous.now`: whether `poison` crashes it. */
export function puppet(system: ActorSystem, path: string, poisonous: { now: boolean }, options: WorkerOptions = {}): WorkerSpec {
  const self: Ref<PuppetMessage> = system.ref(path);
  const behaviour: Behaviour<PuppetMessage, { count: number; apiSecret: string }> = {
    role: 'puppet',
    purpose: 'does what a test tells it',
    consumes: { work: 'counts', 'pass-on': 'sends one to nobody', poison: 'crashes', end: 'ends in order' },
    emits: [],
    mailbox: { capacity: 10_000, overflow: 'reject', onRestart: 'keep' },
    init: () => ({ count: 0, apiSecret: SECRET }),
    receive(state, message, ctx) {
      switch (message.type) {
        case 'work':
          return become({ ...state, count: state.count + 1 });
        case 'pass-on':
          ctx.tell(system.ref<PuppetMessage>('nobody'), { type: 'work' });
          return same;
        case 'poison':
          if (poisonous.now) throw new Error(`cannot take it, token=${SECRET}`);
          return become({ ...state, count: state.count + 100 });
        case 'end':
          return stop('its work is done');
      }
    },
    view: (state) => state,
  };
  return worker(self, behaviour, { ...options, policy: { limit: Infinity, backoff: { minMs: 0, maxMs: 0 }, ...options.policy } });
}
