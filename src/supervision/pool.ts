/** Children made on demand, one a key: whoever holds the pool can send to `executor/GPSUSDT` without asking whether it is there yet. */
import { supervisor } from './child-spec.ts';
import type { ChildSpec, Ensure, SupervisorOptions, SupervisorSpec } from './child-spec.ts';
import type { Ref, Tagged } from './ref.ts';
import type { ActorSystem } from './system.ts';

export interface Pool<Message extends Tagged, Key extends string> {
  /** The ref of this key's child; the child is made if there is none, or none any more. */
  member(key: Key): Ref<Message>;
  /** The keys that were asked for. */
  keys(): readonly Key[];
}

/** A pool and the dynamic supervisor that runs it. `child` makes the specification of one member from its ref. */
export function pool<Message extends Tagged, Key extends string>(
  system: ActorSystem,
  options: { path: string; memberPath: (key: Key) => string; purpose: string; child: (ref: Ref<Message>, key: Key) => ChildSpec; supervision?: Omit<SupervisorOptions, 'strategy' | 'pool'> },
): { pool: Pool<Message, Key>; spec: SupervisorSpec } {
  const refs = new Map<Key, Ref<Message>>();
  let ensure: Ensure = () => undefined;
  const refOf = (key: Key): Ref<Message> => refs.getOrInsertComputed(key, () => system.ref<Message>(options.memberPath(key)));
  const make = (ref: Ref<Message>, key: Key): void => ensure(ref.path, () => options.child(ref, key));
  return {
    pool: {
      member(key) {
        const ref = refOf(key);
        make(ref, key);
        return ref;
      },
      keys: () => [...refs.keys()],
    },
    spec: supervisor(options.path, options.purpose, [], {
      ...options.supervision,
      strategy: 'dynamic',
      pool: {
        attach(to) {
          ensure = to;
          for (const [key, ref] of refs) make(ref, key);
        },
      },
    }),
  };
}
