/** The endpoints that act on one actor: each act has a reason, is audited first, and names the incarnation it fell upon. */
import { z } from 'zod';
import { VigilError } from '../../protocol/errors.ts';
import type { NodeView } from '../../supervision/inspection.ts';
import type { Control } from '../../supervision/system.ts';
import { decodeActorPath } from '../actor-path.ts';
import { wrongMethod } from '../api-error.ts';
import type { Answer, Call, Endpoint } from '../endpoint.ts';
import { checked, reasonSchema } from '../endpoint.ts';
import { flatten } from '../health.ts';
import type { OperatorOptions } from '../options.ts';

const CONTROLS: readonly string[] = ['kill', 'restart', 'suspend', 'resume'] satisfies Control[];
const bodySchema = z.strictObject({ reason: reasonSchema });

export function isControl(word: string): word is Control {
  return CONTROLS.includes(word);
}

/** `ownPath`: the actor that answers. What ends it is done after its answer is out. */
export function controlEndpoints(options: OperatorOptions, ownPath: string): readonly Endpoint[] {
  return [
    {
      method: 'POST',
      path: '/v1/actors/*',
      does: 'kill, restart, suspend or resume one actor: /v1/actors/PATH/ACTION.',
      body: '{reason}',
      answer: (call) => control(options, ownPath, call),
    },
  ];
}

function control(options: OperatorOptions, ownPath: string, call: Call): Answer {
  const { system, audit } = options;
  const whole = decodeActorPath(call.rest);
  const cut = whole.lastIndexOf('/');
  const path = whole.slice(0, Math.max(cut, 0));
  const action = whole.slice(cut + 1);
  if (!isControl(action)) {
    if (system.inspect(whole) !== undefined) throw wrongMethod('POST', `/v1/actors/${call.rest}`, ['GET', 'HEAD']);
    throw new VigilError('NOT_FOUND', `there is no action ${action}: ${CONTROLS.join(', ')}`, { details: { action } });
  }
  const { reason } = checked(bodySchema, call.body ?? {}, 'body');
  const node = system.inspect(path);
  if (node === undefined) throw new VigilError('ACTOR_NOT_FOUND', `there is no actor ${path}`, { details: { path } });
  refuse(system.tree().path, node, action);
  audit.record({ action, target: path, reason, by: `operator@${call.door}` });
  const act = () => system.control(path, action, reason);
  const body = { path, action, incarnation: node.incarnation };
  if (action !== 'resume' && flatten(node).some((one) => one.path === ownPath)) return { status: 202, body, afterwards: act };
  act();
  return { status: 202, body };
}

function refuse(rootPath: string, node: NodeView, action: Control): void {
  const refusal = (why: string) => new VigilError('ACTION_REFUSED', why, { details: { path: node.path, action, status: node.status } });
  if (node.path === rootPath) throw refusal(`${node.path} is the root: stop the service instead (POST /v1/stop)`);
  if (node.kind === 'supervisor' && (action === 'suspend' || action === 'resume')) throw refusal(`${node.path} is a supervisor: suspend or resume the actors below it`);
  // Killing or resuming what is not alive leaves what was wanted; suspending it would only seem to.
  if (action === 'suspend' && node.status !== 'running' && node.status !== 'suspended') throw refusal(`${node.path} is ${node.status}: only a running actor can be suspended`);
}
