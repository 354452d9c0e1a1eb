/** An actor that does in its turn what a test tells it to, with a message type for each class of a mailbox. */
import { become, same } from '../../src/supervision/behaviour.ts';
import type { ActorContext, Behaviour, Next, Outcome } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { WorkerOptions, WorkerSpec } from '../../src/supervision/child-spec.ts';
import type { WorkerDetail } from '../../src/supervision/inspection.ts';
import type { MailboxSpec } from '../../src/supervision/mailbox.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import type { Addressee } from '../../src/supervision/tree/node.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import { World } from '../kit/world.ts';

export type Context = ActorContext<Cue>;

/** `note` is normal mail; the others are of a class only where a mailbox says so. `do` and `question` run what they carry. */
export type Cue =
  | { readonly type: 'note' | 'order' | 'leave' | 'tick'; readonly text: string; readonly key?: string }
  | { readonly type: 'outcome'; readonly outcome: Outcome<unknown> }
  | { readonly type: 'do'; readonly act: (ctx: Context, notes: readonly string[]) => Next<readonly string[]> | void }
  | ({ readonly type: 'question'; readonly act?: (ctx: Context) => void } & { readonly '~answer'?: readonly string[] });

/** A class each, all as large as its normal one and kept at a restart. */
export const CLASSES: Partial<MailboxSpec> = {
  lanes: {
    control: { types: ['order'], capacity: 100, overflow: 'reject', onRestart: 'keep' },
    exit: { types: ['leave'], capacity: 100, overflow: 'reject', onRestart: 'keep' },
    telemetry: { types: ['tick'], capacity: 100, overflow: 'reject', onRestart: 'keep' },
  },
};

/** Notes what it is told, with the incarnation that was told; `boom` crashes it. */
export function puppet(mailbox: Partial<MailboxSpec> = {}, more: Partial<Behaviour<Cue, readonly string[]>> = {}): Behaviour<Cue, readonly string[]> {
  return {
    role: 'puppet',
    purpose: 'does as it is told in tests',
    consumes: { note: '', order: '', leave: '', tick: '', outcome: '', do: '', question: '' },
    emits: [],
    mailbox: { capacity: 100, overflow: 'reject', onRestart: 'keep', ...mailbox },
    init: () => [],
    receive(notes, cue, ctx) {
      switch (cue.type) {
        case 'do':
          return cue.act(ctx, notes) ?? same;
        case 'question':
          if (cue.act === undefined) ctx.answering(cue)(notes);
          else cue.act(ctx);
          return same;
        case 'outcome':
          return become([...notes, `${cue.outcome.ok ? String(cue.outcome.value) : cue.outcome.cause}${cue.outcome.late ? ' late' : ''}@${ctx.incarnation}`]);
        default:
          if (cue.text === 'boom') throw new Error('boom');
          return become([...notes, `${cue.text}@${ctx.incarnation}`]);
      }
    },
    view: (notes) => notes,
    ...more,
  };
}

export interface Stage {
  readonly world: World;
  readonly ref: Ref<Cue>;
  readonly notes: () => readonly string[];
  /** Also after its supervisor has forgotten it. */
  readonly detail: () => WorkerDetail;
  /** What was answered to each. */
  readonly tell: (...cues: readonly (string | Cue)[]) => readonly boolean[];
  readonly act: (act: Extract<Cue, { type: 'do' }>['act']) => boolean;
}

/** One puppet under a root that restarts it at once, as often as it takes. */
export async function stage(mailbox: Partial<MailboxSpec> = {}, options: WorkerOptions & { readonly more?: Partial<Behaviour<Cue, readonly string[]>>; readonly world?: World } = {}): Promise<Stage> {
  const { more = {}, world = new World(), ...rest } = options;
  const ref = world.system.ref<Cue>('puppet');
  const { spec, made } = kept(worker(ref, puppet(mailbox, more), { policy: NO_BUDGET, ...rest }));
  await world.start(spec);
  const detail = () => made().detail() as WorkerDetail;
  return {
    world,
    ref,
    detail,
    notes: () => (detail().state ?? []) as readonly string[],
    tell: (...cues) => cues.map((cue) => world.system.tell(ref, typeof cue === 'string' ? { type: 'note', text: cue } : cue)),
    act: (act) => world.system.tell(ref, { type: 'do', act }),
  };
}

/** A specification, and the node that is made from it. */
function kept(spec: WorkerSpec): { readonly spec: WorkerSpec; readonly made: () => Addressee } {
  let node: Addressee | undefined;
  return {
    spec: { ...spec, make: (kernel) => (node = spec.make(kernel)) },
    made() {
      if (node === undefined) throw new Error(`${spec.path} has not been made`);
      return node;
    },
  };
}
