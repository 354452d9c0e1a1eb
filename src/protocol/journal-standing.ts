/** What stands wrong with the journal, for operators: nothing of it is only a log line. */
import type { StandingMessage } from './messages.ts';
import type { JournalView } from './views.ts';

export function standingOf(view: JournalView, now: number): StandingMessage['alerts'] {
  const { store, reason, since, spilled, unrecorded, aside, place, replica } = view;
  const awayFor = Math.max(0, Math.round((now - since) / 1_000));
  return [
    ...(store === 'up' ? [] : [{ name: 'journal-away', message: `the journal's store has been away for ${awayFor} s (${reason}): nothing is opened, exits and stops go on${spilled === 0 ? '' : `, ${spilled} records are kept on this machine until it is back`}` }]),
    ...(unrecorded === null ? [] : [{ name: 'journal-unrecorded', message: `what happens now is not on record (${unrecorded}): exits and stops go on, and a restart takes them from the venue` }]),
    ...(place === null ? [] : [{ name: 'journal-place', message: `nothing is opened: ${place}` }]),
    ...(replica === null ? [] : [{ name: 'journal-unreplicated', message: `nothing is opened: ${replica}` }]),
    ...aside.map((file) => ({ name: `journal-aside/${file}`, message: `${file} holds records that the journal's store would not take: the venue decided instead. Compare them, then move the file away` })),
  ];
}
