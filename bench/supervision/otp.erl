%% The workloads on Erlang/OTP: processes for messages, gen_server for calls, supervisor for restarts. Run by bench/supervision.ts.
-module(otp).
-behaviour(gen_server).
-export([main/1, start_worker/0, init/1, handle_call/3, handle_cast/2, handle_info/2]).

%% Once to warm up, as for the others, then measured.
main([Name]) ->
    logger:set_primary_config(level, none),
    run(Name, 10),
    io:format("{\"value\":~.4f}~n", [run(Name, 1)]),
    halt().

%% Microseconds a unit.
timed(Units, Run) ->
    Started = erlang:monotonic_time(nanosecond),
    Run(),
    (erlang:monotonic_time(nanosecond) - Started) / 1000 / Units.

%% `Part`: one of so many parts of the whole size.
run("burst", Part) ->
    Self = self(),
    N = 1000000 div Part,
    timed(N, fun() -> P = spawn(fun() -> count(N), Self ! done end), send(P, N), receive done -> ok end end);
run("burst, gen_server", Part) ->
    {ok, P} = gen_server:start(?MODULE, echo, []),
    N = 1000000 div Part,
    timed(N, fun() -> cast(P, N), gen_server:call(P, ping, infinity) end);
run("ping-pong", Part) ->
    N = 200000 div Part,
    timed(N, fun() -> P = spawn(fun pong/0), ping(P, N) end);
run("ring", Part) ->
    Self = self(),
    N = 200000 div Part,
    timed(N, fun() ->
        First = spawn(fun() -> receive {next, Next} -> hop(Next, Self) end end),
        Last = lists:foldl(fun(_, Next) -> spawn(fun() -> hop(Next, Self) end) end, First, lists:seq(2, 100)),
        First ! {next, Last},
        First ! N,
        receive done -> ok end
    end);
run("fan-out", Part) ->
    Ps = [spawn(fun fan/0) || _ <- lists:seq(1, 1000)],
    N = 200 div Part,
    timed(1000 * N * 2, fun() -> rounds(Ps, N) end);
run("ask", Part) ->
    {ok, P} = gen_server:start(?MODULE, echo, []),
    N = 100000 div Part,
    timed(N, fun() -> calls(P, N) end);
run("ask, 1,000 in flight", Part) ->
    {ok, P} = gen_server:start(?MODULE, echo, []),
    Self = self(),
    N = 100 div Part,
    timed(N * 1000, fun() ->
        [spawn(fun() -> calls(P, N), Self ! done end) || _ <- lists:seq(1, 1000)],
        [receive done -> ok end || _ <- lists:seq(1, 1000)]
    end);
run("spawn", Part) ->
    N = 100000 div Part,
    timed(N, fun() -> put({kept, Part}, [gen_server:start(?MODULE, echo, []) || _ <- lists:seq(1, N)]) end);
run("bytes an idle actor", Part) ->
    N = 100000 div Part,
    erlang:garbage_collect(),
    Before = erlang:memory(processes),
    put({kept, Part}, [gen_server:start(?MODULE, echo, []) || _ <- lists:seq(1, N)]),
    timer:sleep(300),
    (erlang:memory(processes) - Before) / N;
run("crash to restarted", Part) ->
    catch register(bench, self()),
    {ok, _} = supervisor:start_link(?MODULE, supervisor),
    P = receive {up, First, _} -> First end,
    Took = lists:sort(crash(P, 2000 div Part, [])),
    lists:nth(length(Took) div 2, Took) / 1000.

count(0) -> ok;
count(N) -> receive _ -> count(N - 1) end.

send(_, 0) -> ok;
send(P, N) -> P ! N, send(P, N - 1).

cast(_, 0) -> ok;
cast(P, N) -> gen_server:cast(P, N), cast(P, N - 1).

pong() -> receive P -> P ! 1, pong() end.

ping(_, 0) -> ok;
ping(P, N) -> P ! self(), receive 1 -> ping(P, N - 1) end.

hop(Next, Main) ->
    receive
        1 -> Main ! done, hop(Next, Main);
        N -> Next ! N - 1, hop(Next, Main)
    end.

fan() -> receive P -> P ! ack, fan() end.

rounds(_, 0) -> ok;
rounds(Ps, N) ->
    Self = self(),
    [P ! Self || P <- Ps],
    [receive ack -> ok end || _ <- Ps],
    rounds(Ps, N - 1).

calls(_, 0) -> ok;
calls(P, N) -> gen_server:call(P, ping), calls(P, N - 1).

crash(_, 0, Took) -> Took;
crash(P, N, Took) ->
    P ! crash,
    receive {crashing, Began} -> receive {up, Next, Up} -> crash(Next, N - 1, [Up - Began | Took]) end end.

start_worker() -> gen_server:start_link(?MODULE, worker, []).

init(supervisor) ->
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1}, [#{id => worker, start => {?MODULE, start_worker, []}}]}};
init(worker) ->
    bench ! {up, self(), erlang:monotonic_time(nanosecond)},
    {ok, none};
init(echo) ->
    {ok, none}.

handle_call(ping, _, State) -> {reply, pong, State}.
handle_cast(_, State) -> {noreply, State}.
handle_info(crash, _) ->
    bench ! {crashing, erlang:monotonic_time(nanosecond)},
    exit(crashed).
