/** The strategies: those that trade with what they signalled and who answered for them, those that watch with their score on paper; one that does not run says so, and nothing else. */
import type { NodeView } from '../../supervision/inspection.ts';
import type { ActorSystem } from '../../supervision/system.ts';
import type { Endpoint } from '../endpoint.ts';
import { reading } from '../endpoint.ts';
import { stateOf } from '../known.ts';
import type { OperatorOptions } from '../options.ts';

/** The rooms of the tree that hold strategies, and what those in them may do. */
const ROOMS = { generators: 'live', shadows: 'shadow' } as const;

export function strategyEndpoints({ system }: OperatorOptions): readonly Endpoint[] {
  return [reading('/v1/strategies', 'Each strategy: live ones with their signals and the share of their fallback, shadows with their score on paper.', () => strategies(system))];
}

function strategies(system: ActorSystem): readonly unknown[] {
  const rooms = (node: NodeView): NodeView[] => (node.path in ROOMS ? [node] : node.children.flatMap(rooms));
  return rooms(system.tree()).flatMap((room) => room.children.map((node) => row(system, node, ROOMS[room.path as keyof typeof ROOMS])));
}

function row(system: ActorSystem, { path, status, incarnation, restarts }: NodeView, role: string): unknown {
  const known = stateOf(system, path);
  // The evaluations of every symbol are for `vigil inspect`.
  const { strategy: _strategy, role: _role, evaluations: _evaluations, ...state } = (known.known ? known.value : {}) as Readonly<Record<string, unknown>>;
  return { name: path.slice(path.indexOf('/') + 1), role, path, status, incarnation, restarts, ...state };
}
