/** What was asked of an actor and is known, or is not, and why: unknown is a value of its own, and never looks like an answer. */
import { messageOf, VigilError } from '../protocol/errors.ts';
import type { AnswerTo, QuestionOf, Ref, Tagged } from '../supervision/ref.ts';
import type { ActorSystem } from '../supervision/system.ts';

export type Known<Value> = { readonly known: true; readonly value: Value } | { readonly known: false; readonly why: string };

/** An actor that runs answers in a few ms; one that does not within this is as good as silent. */
const ANSWER_MS = 500;

/** Asks, unless it is plain that nobody will answer in time. */
export async function askKnown<Asked extends Tagged, const Question extends QuestionOf<Asked>>(system: ActorSystem, to: Ref<Asked>, question: Question, withinMs: number = ANSWER_MS): Promise<Known<AnswerTo<Asked, Question>>> {
  const status = system.inspect(to.path)?.status;
  // A question to an actor that does not run would only wait in its mailbox and be answered to nobody.
  if (status !== 'running') return { known: false, why: status === undefined ? `there is no actor ${to.path}` : `${to.path} is ${status}` };
  try {
    return { known: true, value: await system.ask(to, question, withinMs, 'operator') };
  } catch (error) {
    return { known: false, why: messageOf(error) };
  }
}

/** The value, or STATE_UNKNOWN with the reason. */
export function valueOf<Value>(known: Known<Value>): Value {
  if (known.known) return known.value;
  throw new VigilError('STATE_UNKNOWN', known.why);
}

/** The state an actor shows in its own turn, also while it is suspended; who does not come to its turn makes nobody wait for long. */
export async function stateInTurn(system: ActorSystem, path: string): Promise<Known<unknown>> {
  const status = system.inspect(path)?.status;
  if (status === undefined) return { known: false, why: `there is no actor ${path}` };
  if (status !== 'running' && status !== 'suspended') return { known: false, why: `${path} is ${status}` };
  try {
    return { known: true, value: await system.state(path) };
  } catch (error) {
    return { known: false, why: messageOf(error) };
  }
}

/** The state a running actor shows of itself. */
export function stateOf(system: ActorSystem, path: string): Known<unknown> {
  const node = system.inspect(path);
  if (node === undefined) return { known: false, why: `there is no actor ${path}` };
  if (node.status !== 'running') return { known: false, why: `${path} is ${node.status}` };
  const state = 'state' in node ? node.state : null;
  return state === null || state === undefined ? { known: false, why: `${path} shows no state` } : { known: true, value: state };
}
