/** What became here of every case of OTP 25.2.3's supervisor_SUITE, in its order. */
import type { ConformanceCase } from './case.ts';

export const otpSupervisor: readonly ConformanceCase[] = [
  ...ported('sup_start', 'sup_start_normal'),
  not('sup_start', 'sup_start_ignore_init', 'a supervisor is data: it has no init that could ignore; a child that is not wanted is left out of the specification'),
  ...ported('sup_start', 'sup_start_ignore_child', 'sup_start_ignore_temporary_child', 'sup_start_ignore_temporary_child_start_child', 'sup_start_ignore_temporary_child_start_child_simple', 'sup_start_ignore_permanent_child_start_child_simple'),
  adapted('sup_start', 'sup_start_error_return', 'there is no init to return an invalid value: what is given to the system as its specification is none'),
  adapted('sup_start', 'sup_start_fail', 'there is no init to fail: the making of a child fails, which is the only code a specification brings'),
  ...ported('sup_start', 'sup_start_child_returns_error', 'sup_start_restart_child_returns_error', 'sup_start_child_returns_error_simple'),

  { name: 'sup_start_map', group: 'sup_start_map', status: 'ported', note: 'the default shutdown of a worker is 2 s, not 5' },
  { name: 'sup_start_map_simple', group: 'sup_start_map', status: 'ported', note: 'a dynamic supervisor has no template: each child brings its specification' },
  ...ported('sup_start_map', 'sup_start_map_faulty_specs'),

  ...ported('sup_stop', 'sup_stop_infinity'),
  { name: 'sup_stop_timeout', group: 'sup_stop', status: 'ported', note: 'handlers are synchronous: what overruns its time is the terminate' },
  { name: 'sup_stop_timeout_dynamic', group: 'sup_stop', status: 'ported', note: 'as sup_stop_timeout' },
  ...ported('sup_stop', 'sup_stop_brutal_kill', 'sup_stop_brutal_kill_dynamic', 'sup_stop_race'),
  { name: 'sup_stop_non_shutdown_exit_dynamic', group: 'sup_stop', status: 'ported', note: 'a terminate cannot choose its exit: it settles (shutdown), throws (crashed) or overruns (killed)' },

  ...ported('all', 'child_adm'),
  adapted('all', 'child_adm_simple', 'children have paths, not pids: terminating one that is gone is not-found, where OTP says ok of a dead pid; specs counts one for each child'),
  adapted('all', 'extra_return', 'an init has no extra value: the result tells the incarnation instead'),
  { name: 'child_specs', group: 'all', status: 'ported', note: 'one form of specification; modules have no counterpart' },
  { name: 'child_specs_map', group: 'all', status: 'ported', note: 'as child_specs' },
  { name: 'sup_flags', group: 'all', status: 'ported', note: 'no limit at all is said by leaving intensity out' },
  ...ported('all', 'multiple_restarts'),

  ...ported('restart_one_for_one', 'one_for_one', 'one_for_one_escalation'),
  ...ported('restart_one_for_all', 'one_for_all', 'one_for_all_escalation', 'one_for_all_other_child_fails_restart'),

  { name: 'simple_one_for_one', group: 'restart_simple_one_for_one', status: 'ported', note: 'specs counts one for each child' },
  ...ported('restart_simple_one_for_one', 'simple_one_for_one_shutdown'),
  adapted('restart_simple_one_for_one', 'simple_one_for_one_extra', 'as extra_return'),
  ...ported('restart_simple_one_for_one', 'simple_one_for_one_escalation'),
  adapted('restart_simple_one_for_one', 'simple_one_for_one_corruption', 'instead of the size of a heap: after its end nothing is known of a temporary child, the first time and the next'),

  ...ported('restart_rest_for_one', 'rest_for_one', 'rest_for_one_escalation', 'rest_for_one_other_child_fails_restart'),
  ...ported('normal_termination', 'permanent_normal', 'transient_normal', 'temporary_normal'),
  ...ported('shutdown_termination', 'permanent_shutdown', 'transient_shutdown', 'temporary_shutdown'),
  { name: 'faulty_application_shutdown', group: 'shutdown_termination', status: 'ported', note: 'the application is the system: its start rejects with what was thrown' },
  ...ported('abnormal_termination', 'permanent_abnormal', 'transient_abnormal', 'temporary_abnormal'),

  { name: 'child_unlink', group: 'all', status: 'ported', note: 'no child has a link to its supervisor to begin with; it hangs in terminate' },
  adapted('all', 'tree', 'children added at run time are kept over a restart of their supervisor, unless temporary'),

  ...ported('significant', 'nonsignificant_temporary', 'nonsignificant_transient', 'significant_temporary', 'significant_transient', 'significant_simple', 'significant_bystander', 'significant_escalation'),
  ...['significant_upgrade_never_any', 'significant_upgrade_any_never', 'significant_upgrade_never_all', 'significant_upgrade_all_never', 'significant_upgrade_any_all', 'significant_upgrade_all_any', 'significant_upgrade_child'].map((name) =>
    adapted('significant', name, 'the change comes by Supervisor.upgrade, not by a code change'),
  ),

  { name: 'count_children', group: 'all', status: 'ported', note: 'specs counts one for each child' },
  { name: 'count_children_supervisor', group: 'all', status: 'ported', note: 'specs counts one for each child' },
  { name: 'count_restarting_children', group: 'all', status: 'ported', note: 'specs counts one for each child; one that is in its init again counts as restarting' },
  not('all', 'get_callback_module', 'a supervisor is data: there is no callback module'),
  not('all', 'do_not_save_start_parameters_for_temporary_children', 'what a child is started with is a closure that its cell holds while it runs; that nothing is kept after its end is do_not_save_child_specs_for_temporary_children'),
  ...ported('all', 'do_not_save_child_specs_for_temporary_children'),
  adapted('all', 'simple_one_for_one_scale_many_temporary_children', 'no time is measured in a test: 11,000 children come and go; how fast is the bench\'s business'),
  ...ported('all', 'temporary_bystander'),
  { name: 'simple_global_supervisor', group: 'all', status: 'ported', note: 'every path is a global name' },
  { name: 'hanging_restart_loop', group: 'all', status: 'ported', note: 'an init waits without holding up its supervisor' },
  adapted('all', 'hanging_restart_loop_rest_for_one', 'siblings that wait with the one that fails are shown restarting, because they are; when that one is terminated they are stopped, as in OTP'),
  ...ported('all', 'hanging_restart_loop_simple'),
  adapted('all', 'code_change', 'the change comes by Supervisor.upgrade; what a child runs stays the same until it is replaced; there is no init that could ignore it'),
  adapted('all', 'code_change_map', 'as code_change'),
  adapted('all', 'code_change_simple', 'as code_change; a dynamic supervisor has no template of which there must be one: the children named are changed, the others stay'),
  adapted('all', 'code_change_simple_map', 'as code_change_simple'),
  ...ported('all', 'order_of_children'),
  adapted('all', 'scale_start_stop_many_children', 'as simple_one_for_one_scale_many_temporary_children'),
  not('all', 'format_log_1', 'the text of an Erlang log report'),
  not('all', 'format_log_2', 'the text of an Erlang log report'),
];

function ported(group: string, ...names: readonly string[]): readonly ConformanceCase[] {
  return names.map((name) => ({ name, group, status: 'ported' }));
}

function adapted(group: string, name: string, note: string): ConformanceCase {
  return { name, group, status: 'adapted', note };
}

function not(group: string, name: string, note: string): ConformanceCase {
  return { name, group, status: 'not-applicable', note };
}
