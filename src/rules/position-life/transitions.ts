/** The one table of what may happen to a symbol: in each phase, what each event may lead to. What is not in it is a defect, and an error. */
import type { LifeEvent, LifeEventType } from '../../protocol/life-events.ts';
import { PHASES } from '../../protocol/views.ts';
import type { Phase } from '../../protocol/views.ts';

/** An event, and of a write-ahead what it is for. */
export type Cause = Exclude<LifeEventType, 'OrderSending'> | 'OrderSending entry' | 'OrderSending close' | 'OrderSending reduce';

export function causeOf(event: LifeEvent): Cause {
  return event.type === 'OrderSending' ? `OrderSending ${event.purpose}` : event.type;
}

/** The phases of `PHASES` by their initials; an empty cell: it must not happen there. */
type Row = readonly [flat: string, opening: string, protected_: string, reducing: string, closing: string, ambiguous: string, drifted: string];

/** What is heard. Facts are never fenced (ruling 9): each is taken in every phase, late, early, twice or out of order. */
export const FACTS = {
  //                     Flat  Opening Protected Reducing Closing Ambiguous Drifted
  OrderReported:        ['F',  'OC',   'P',      'PR',    'OC',   'OPRCA',  'D'],
  OrderRejected:        ['F',  'OC',   'P',      'PR',    'OC',   'OPRCA',  'D'],
  OrderAbandoned:       ['F',  'OC',   'P',      'PR',    'OC',   'OPRCA',  'D'],
  OrderAbsent:          ['F',  'OC',   'P',      'PR',    'OC',   'OPRCA',  'D'],
  OrderAmbiguous:       ['F',  'OA',   'PA',     'RA',    'CA',   'A',      'D'],
  FillRecorded:         ['FO', 'OPRC', 'OPRC',   'OPRC',  'OPRC', 'A',      'D'],
  OrderRecognised:      ['F',  'O',    'P',      'R',     'C',    'A',      'D'],
  ProtectionPlaced:     ['F',  'OPR',  'P',      'R',     'C',    'A',      'D'],
  ProtectionTriggered:  ['F',  'OPRC', 'PC',     'RC',    'C',    'A',      'D'],
  ProtectionEnded:      ['F',  'O',    'OP',     'OR',    'OPRC', 'A',      'D'],
  ProtectionLost:       ['F',  'O',    'OP',     'OR',    'OPRC', 'A',      'D'],
  StopRefused:          ['F',  'O',    'P',      'R',     'C',    'A',      'D'],
  PositionAdopted:      ['OC', 'OPRC', 'OPRC',   'OPRC',  'OPRC', 'A',      'OPRCA'],
  DriftFound:           ['D',  'D',    'D',      'D',     'D',    'D',      'D'],
  DriftCleared:         ['F',  'O',    'P',      'R',     'C',    'A',      'FOPRCA'],
} as const satisfies Partial<Record<Cause, Row>>;

/** What is decided and done here: only where it makes sense. */
export const ACTS = {
  //                     Flat  Opening Protected Reducing Closing Ambiguous Drifted
  IntentAccepted:       ['F',  '',     '',       '',      '',     '',       ''],
  PlanMade:             ['F',  '',     '',       '',      '',     '',       ''],
  PermitGranted:        ['F',  '',     '',       '',      '',     '',       ''],
  'OrderSending entry': ['O',  '',     '',       '',      '',     '',       ''],
  PlanEnded:            ['',   'OF',   'P',      'R',     'C',    'A',      'D'],
  ProtectionSending:    ['',   'O',    'P',      'R',     'C',    'A',      ''],
  StopMoveRequested:    ['',   '',     'P',      'R',     'C',    'A',      ''],
  ReduceRequested:      ['',   'O',    'R',      '',      'C',    'A',      ''],
  'OrderSending reduce': ['', '',     '',       'R',     'C',    'A',      ''],
  CloseRequested:       ['',   'OC',   'C',      'C',     'C',    'A',      'D'],
  'OrderSending close': ['',   '',     '',       '',      'C',    'A',      ''],
  PositionClosed:       ['',   '',     '',       '',      'F',    '',       ''],
} as const satisfies Partial<Record<Cause, Row>>;

const TABLE: Readonly<Record<Cause, Row>> = { ...FACTS, ...ACTS };

/** To which phases the cause may lead from there; none: it must not happen there. */
export function allowedTo(from: Phase, cause: Cause): readonly Phase[] {
  const cell = TABLE[cause][PHASES.indexOf(from)]!;
  return PHASES.filter((phase) => cell.includes(phase[0]!));
}

/** @throws Error that names the phases and the cause, when the table does not have it. */
export function assertTransition(from: Phase, to: Phase, cause: Cause): void {
  if (!allowedTo(from, cause).includes(to)) throw new Error(`illegal transition ${from} → ${to} by ${cause}: it is not in the table of rules/position-life/transitions.ts`);
}
