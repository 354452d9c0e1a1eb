/** The cases of OTP's gen_server_SUITE, and what became of each: an actor is a gen_server whose calls are questions and whose casts are told. */
import type { ConformanceCase } from './case.ts';

const NODES = 'one process is one system: there are no other nodes';
const NAMES = 'a path is the only name: there is no global registry and no registry of one’s own';
const HIBERNATE = 'the memory of an idle actor is not for it to give back: it has no stack of its own';
const ENTER_LOOP = 'an actor is made from its behaviour alone: no process becomes one halfway';

function notApplicable(group: string, note: string, ...names: string[]): readonly ConformanceCase[] {
  return names.map((name) => ({ name, group, status: 'not-applicable', note }));
}

export const otpGenServer: readonly ConformanceCase[] = [
  { name: 'start', group: 'all', status: 'adapted', note: 'always as some supervisor’s child and under a path: with a start deadline, ignored, refused, linked, watched, its path taken' },
  { name: 'stop1', group: 'stop', status: 'adapted', note: 'its supervisor stops it; what is stopped twice is not found, as temporary children are forgotten' },
  { name: 'stop2', group: 'stop', status: 'ported' },
  { name: 'stop3', group: 'stop', status: 'adapted', note: 'the time to stop is a field of the specification, and one that is none is refused with it' },
  { name: 'stop4', group: 'stop', status: 'ported' },
  ...notApplicable('stop', NODES, 'stop5', 'stop8', 'stop9'),
  ...notApplicable('stop', NAMES, 'stop6', 'stop7', 'stop10'),
  { name: 'crash', group: 'all', status: 'adapted', note: 'shutdown is a result of a handler and never thrown; a crash is reported as an event and kept with the actor, without its state' },
  { name: 'call', group: 'all', status: 'adapted', note: 'a question; the time within which the next call must come is a timer' },
  { name: 'send_request', group: 'all', status: 'adapted', note: 'a question is a promise, or its outcome a message' },
  { name: 'send_request_receive_reqid_collection', group: 'all', status: 'adapted', note: 'questions at once need no collection: each outcome comes on its own, in the order in which they settle' },
  ...notApplicable('all', 'a promise is waited for as often as one likes, and no mailbox is searched for a response', 'send_request_wait_reqid_collection', 'send_request_check_reqid_collection'),
  { name: 'cast', group: 'all', status: 'ported' },
  { name: 'cast_fast', group: 'all', status: 'adapted', note: 'there is no node to connect to; telling never waits, and says at once whether it was accepted' },
  { name: 'info', group: 'all', status: 'adapted', note: 'every message is of a declared type: what is told from outside the tree and by a timer is handled as any' },
  ...notApplicable('all', NODES, 'abcast'),
  { name: 'continue', group: 'all', status: 'adapted', note: 'init may wait, and mail waits for it; what else must come before mail is one’s own timer at once' },
  ...notApplicable('all', NODES, 'multicall', 'multicall_down', 'call_remote1', 'call_remote2', 'call_remote3', 'call_remote_n1', 'call_remote_n2', 'call_remote_n3'),
  { name: 'calling_self', group: 'all', status: 'adapted', note: 'while starting it would wait for itself, and is refused at once; a handler does not wait, and gets its answer' },
  ...notApplicable('all', ENTER_LOOP, 'spec_init', 'spec_init_local_registered_parent', 'spec_init_global_registered_parent', 'otp_5854'),
  ...notApplicable('all', HIBERNATE, 'hibernate', 'auto_hibernate'),
  { name: 'otp_7669', group: 'all', status: 'ported' },
  { name: 'call_format_status', group: 'format_status', status: 'adapted', note: 'a behaviour must have a view of its state, and it is redacted' },
  { name: 'error_format_status', group: 'format_status', status: 'adapted', note: 'a crash report has no state and no payload at all' },
  { name: 'terminate_crash_format', group: 'format_status', status: 'adapted', note: 'a terminate that throws is logged and told as a crash; the state is in neither' },
  { name: 'crash_in_format_status', group: 'format_status', status: 'ported' },
  { name: 'throw_in_format_status', group: 'format_status', status: 'ported' },
  { name: 'format_all_status', group: 'format_status', status: 'adapted', note: 'one redactor for state, messages and reasons, not a callback each' },
  { name: 'get_state', group: 'all', status: 'ported' },
  { name: 'replace_state', group: 'all', status: 'ported' },
  { name: 'call_with_huge_message_queue', group: 'all', status: 'adapted', note: 'not by the clock: an answer comes before all mail that waits' },
  { name: 'undef_handle_call', group: 'undef_callbacks', status: 'adapted', note: 'types forbid it; a receive that does not know the message returns nothing, which is a crash' },
  { name: 'undef_handle_cast', group: 'undef_callbacks', status: 'adapted', note: 'the same, told' },
  ...notApplicable('undef_callbacks', 'there is no class of messages that may go unhandled: all are declared', 'undef_handle_info'),
  ...notApplicable('undef_callbacks', 'there is no callback of that kind', 'undef_handle_continue', 'undef_code_change'),
  { name: 'undef_init', group: 'undef_callbacks', status: 'adapted', note: 'types forbid it; at run time it is a failed start' },
  { name: 'undef_terminate1', group: 'undef_callbacks', status: 'ported' },
  { name: 'undef_terminate2', group: 'undef_callbacks', status: 'ported' },
  { name: 'undef_in_terminate', group: 'all', status: 'adapted', note: 'the stop goes on: the error is logged, and the end is told as a crash' },
  { name: 'undef_in_handle_info', group: 'all', status: 'ported' },
  ...notApplicable('all', 'the log is the owner’s: what is handed to it is data, and has no format', 'format_log_1', 'format_log_2'),
  ...notApplicable('all', 'an answer is given to a function, not sent to a tag', 'reply_by_alias_with_payload'),
];
