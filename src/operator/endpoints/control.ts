/** The endpoints that act on one actor: each act has a reason, is audited first, and names the incarnation it fell upon. */
import { z } from 'zod';
import { VigilError } from '../../protocol/errors.ts';
import type { NodeView } from '../../supervision/inspection.ts';
import type { ActorSystem } from '../../supervision/system.ts';
import { decodeActorPath } from '../actor-path.ts';
import { wrongMethod } from '../api-error.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { checked, reasonSchema } from '../endpoint.ts';
import { flatten } from '../health-tree.ts';
import type { OperatorOptions } from '../options.ts';
import { followed } from './trace.ts';

/** What can be done to one actor; the values say what came of it beside the incarnation. */
const ACTS = {
  kill: (system, path, reason) => void system.control(path, 'kill', reason),
  restart: (system, path, reason) => void system.control(path, 'restart', reason),
  suspend: (system, path, reason) => void system.control(path, 'suspend', reason),
  resume: (system, path, reason) => void system.control(path, 'resume', reason),
  unpark: (system, path) => ({ messages: system.unpark(path) }),
  discard: (system, path) => ({ messages: system.discardParked(path) }),
  'reset-stats': (system, path) => void system.resetTiming(path),
} as const satisfies Record<string, (system: ActorSystem, path: string, reason: string) => object | void>;

type Act = keyof typeof ACTS;

const NAMES: readonly string[] = [...Object.keys(ACTS), 'trace'];
const bodySchema = z.strictObject({ reason: reasonSchema });

function isPlain(word: string): word is Act {
  return Object.hasOwn(ACTS, word);
}

export function isAct(word: string): boolean {
  return NAMES.includes(word);
}

/** `ownPath`: the actor that answers. What ends it is done after its answer is out. */
export function controlEndpoints(options: OperatorOptions, ownPath: string): readonly Endpoint[] {
  return [
    {
      method: 'POST',
      path: '/v1/actors/*',
      does: 'Acts on one actor: /v1/actors/PATH/kill, restart, suspend, resume; unpark or discard what it has parked; reset-stats of its timing; trace follows its messages as lines of JSON.',
      body: '{reason}; for trace {reason, messages, ms, payload?}',
      answer: (call) => act(options, ownPath, call),
    },
  ];
}

function act(options: OperatorOptions, ownPath: string, call: Call): Answer {
  const { system, audit } = options;
  const whole = decodeActorPath(call.rest);
  const cut = whole.lastIndexOf('/');
  const path = whole.slice(0, Math.max(cut, 0));
  const action = whole.slice(cut + 1);
  if (action === 'trace') return followed(options, path, call);
  if (!isPlain(action)) {
    if (system.inspect(whole) !== undefined) throw wrongMethod('POST', `/v1/actors/${call.rest}`, ['GET', 'HEAD']);
    throw new VigilError('NOT_FOUND', `there is no action ${action}: ${NAMES.join(', ')}`, { details: { action } });
  }
  const { reason } = checked(bodySchema, call.body ?? {}, 'body');
  const node = system.inspect(path);
  if (node === undefined) throw new VigilError('ACTOR_NOT_FOUND', `there is no actor ${path}`, { details: { path } });
  refuse(system.tree().path, node, action);
  audit.record({ action, target: path, reason, by: `operator@${call.door}` });
  const body = { path, action, incarnation: node.incarnation };
  if ((action === 'kill' || action === 'restart' || action === 'suspend') && flatten(node).some((one) => one.path === ownPath)) return { status: 202, body, afterwards: () => ACTS[action](system, path, reason) };
  return { status: 202, body: { ...body, ...ACTS[action](system, path, reason) } };
}

function refuse(rootPath: string, node: NodeView, action: Act): void {
  const refusal = (why: string) => new VigilError('ACTION_REFUSED', why, { details: { path: node.path, action, status: node.status } });
  if (node.path === rootPath) throw refusal(`${node.path} is the root: stop the service instead (POST /v1/stop)`);
  if (node.kind === 'supervisor' && action !== 'kill' && action !== 'restart') throw refusal(`${node.path} is a supervisor: ${action} is for the actors below it`);
  // Killing or resuming what is not alive leaves what was wanted; suspending it would only seem to.
  if (action === 'suspend' && node.status !== 'running' && node.status !== 'suspended') throw refusal(`${node.path} is ${node.status}: only a running actor can be suspended`);
  if (action === 'unpark' && node.status === 'stopped') throw refusal(`${node.path} is stopped: nobody would handle what it has parked; restart it first, or discard`);
}
