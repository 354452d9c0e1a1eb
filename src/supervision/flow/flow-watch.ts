/** Watches one flow contract over the tree: when its time runs, what is wrong, and whether restarting the producer could mend it. */
import type { FlowContract, FlowVerdict } from './flow-contract.ts';
import { FlowTrack } from './flow-contract.ts';
import type { NodeView } from '../inspection.ts';

/** The tree by path. */
export type Nodes = ReadonlyMap<string, NodeView>;

export interface FlowFinding {
  readonly verdict: FlowVerdict;
  /** The producer is to be killed, so that its supervisor starts it again and counts it. */
  readonly kill: boolean;
  /** What is silent or dry, and what is done about it; empty: neither. */
  readonly message: string;
  /** Nothing more is tried. */
  readonly givenUp: boolean;
}

export class FlowWatch {
  readonly track: FlowTrack;
  /** The incarnation the contract was armed for; undefined: the producer does not run, or is not held to it. */
  #armedFor: number | undefined;
  #finding: FlowFinding | undefined;

  constructor(contract: FlowContract) {
    this.track = new FlowTrack(contract);
  }

  get contract(): FlowContract {
    return this.track.contract;
  }

  /** As found last; undefined before the first look. */
  get finding(): FlowFinding | undefined {
    return this.#finding;
  }

  /** `held`: its condition is given. */
  look(nodes: Nodes, held: boolean, now: number): FlowFinding {
    const { track } = this;
    const producer = nodes.get(this.contract.producer);
    if (!held) {
      this.forget();
    } else if (producer?.status !== 'running') {
      this.#armedFor = undefined;
      if (!track.held) track.arm(now);
    } else if (this.#armedFor !== producer.incarnation) {
      // Started, restarted, resumed, or held to it again: its grace begins here.
      track.arm(now);
      this.#armedFor = producer.incarnation;
    }
    const finding = this.#judge(track.verdict(now), nodes, producer, now);
    if (finding.kill) track.restarted(now);
    this.#finding = finding;
    return finding;
  }

  /** All silence so far is forgotten; what was counted stays. */
  forget(): void {
    this.#armedFor = undefined;
    this.track.release();
  }

  #judge(verdict: FlowVerdict, nodes: Nodes, producer: NodeView | undefined, now: number): FlowFinding {
    const { everyMs, acceptEveryMs } = this.contract;
    const found = (message: string, kill = false, givenUp = false): FlowFinding => ({ verdict, kill, message, givenUp });
    if (verdict.state === 'dry') return found(`nothing accepted for ${seconds(verdict.forMs)}, expected every ${seconds(acceptEveryMs ?? 0)}`);
    if (verdict.state !== 'silent') return found('');
    const silence = `nothing for ${seconds(verdict.forMs)}, expected every ${seconds(everyMs ?? 0)}`;
    const path = this.contract.producer;
    if (producer === undefined) return found(`${silence}: there is no ${path}`, false, true);
    if (producer.status !== 'running') return found(`${silence}: ${path} is ${producer.status}`);
    const { used, limit } = producer.restartBudget;
    const away = this.contract.needs.map((need) => nodes.get(need)).find((need) => need !== undefined && need.status !== 'running');
    if (away !== undefined) return found(`${silence}: ${path} waits for ${away.path}, which is ${away.status}`);
    if (verdict.restartsSpent) return found(`${silence}: ${path} was restarted ${this.track.restartsInWindow(now)} times for it, to no avail`, false, true);
    if (used >= limit) return found(`${silence}: the restart budget of ${path} is spent (${used} of ${limit})`, false, true);
    if (!verdict.restartDue) return found(`${silence}: ${path} was restarted, and is given time`);
    return found(`${silence}: restarting ${path}`, true);
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
