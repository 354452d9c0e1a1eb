/** What a mailbox promises, as data: how much may wait, what goes when it is full, what comes before what. */

/**
 * What is taken first. `control`: orders to the actor itself. `exit`: what must never wait behind the rest.
 * `normal`: everything that says nothing else. `telemetry`: pictures of which only the newest counts.
 * First in, first out holds within a class.
 */
export type MessageClass = 'control' | 'exit' | 'normal' | 'telemetry';

/**
 * When the lane is full. `reject`: the newcomer is refused, and its sender is told (commands). `drop-oldest`: the oldest
 * goes. `drop-newest`: the newcomer goes. `latest-by-key`: a newcomer takes the place of the one with its key; without
 * one, the oldest goes.
 */
export type Overflow = 'reject' | 'drop-oldest' | 'drop-newest' | 'latest-by-key';

export interface LaneSpec {
  /** How many messages may wait. The reason for the number belongs beside it. */
  readonly capacity: number;
  readonly overflow: Overflow;
  /** What happens to waiting messages when the incarnation ends. A question is never kept: its asker is told at once. */
  readonly onRestart: 'keep' | 'flush';
  /** For `latest-by-key`: what a message is about; undefined: it stands for itself, and is never superseded. Without it, its type. */
  readonly key?: (message: never) => string | undefined;
}

/** The lane of every message whose type no other lane names, and those lanes. */
export interface MailboxSpec extends LaneSpec {
  readonly lanes?: Readonly<Partial<Record<Exclude<MessageClass, 'normal'>, LaneSpec & { readonly types: readonly string[] }>>>;
}
