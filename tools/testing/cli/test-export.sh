#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# akida export, of machines described by files: both formats and what they say,
# the server and its clients, the file for node_exporter, a real Prometheus,
# dashboard and alerts.
# shellcheck source=tools/testing/cli/lib.sh disable=SC2016,SC2034,SC2154,SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/testing/cli/machine.sh
. "$top/tools/testing/cli/machine.sh"

python=/usr/bin/python3
helper=$top/tools/testing/cli/export.py
contrib=$top/contrib
export PYTHONDONTWRITEBYTECODE=1

# latency BOARD JOBS: a histogram as the driver has it, all but three jobs in
# the bucket that ends at 6144 us.
latency()
{
	local e k upper

	for ((e = 16; e < 67108864; e *= 2)); do
		for ((k = 4; k < 8; k++)); do
			upper=$((e * k / 4))
			echo "$upper $((upper == 6144 ? $2 - 3 : upper == 16))"
		done
	done >histogram
	echo "67108864 1
inf 1" >>histogram
	put "sys/class/akida/akida$1/job_latency_us" "$(<histogram)"
}

# counters BOARD BUSY COMPLETED FAILED SWITCHES RESETS SUM
counters()
{
	local c=sys/class/akida/akida$1

	put "$c/busy_time_us" "$2"
	put "$c/jobs_completed" "$3"
	put "$c/jobs_failed" "$4"
	put "$c/program_switches" "$5"
	put "$c/resets" "$6"
	put "$c/job_latency_sum_us" "$7"
	latency "$1" "$3"
}

# sensors BOARD ADDRESS POWER VOLTAGE CURRENT TEMPERATURE CLOCK MODE
sensors()
{
	local h=sys/bus/pci/devices/$2/hwmon/hwmon$((3 + $1))

	put "$h/name" akida
	put "$h/power1_input" "$3"
	put "$h/in0_input" "$4"
	put "$h/curr1_input" "$5"
	put "$h/temp1_input" "$6"
	put "$h/freq1_input" "$7"
	put "sys/class/akida/akida$1/clock_mode" "$8"
}

# Two virtual boards, silicon that tells little, and one without driver.
describe()
{
	healthy
	board 1 0000:02:00.0 akd1500 virtual 0000:00:03.0
	put "$pci/current_link_width" 1
	put "$pci/max_link_width" 2
	put "$pci/aer_dev_correctable" 'RxErr 3
BadTLP 4
TOTAL_ERR_COR 7'
	board 2 0000:03:00.0 akd1000 silicon 0000:00:04.0
	board '' 0000:04:00.0 akd1000 silicon 0000:00:05.0
	counters 0 1234567 103 5 17 2 987654321
	counters 1 18446744073709 4000000000000 0 0 0 12345678901234
	counters 2 0 3 0 1 0 3000
	rm "$machine/sys/class/akida/akida2/job_latency_us" "$machine/sys/class/akida/akida2/job_latency_sum_us"
	sensors 0 0000:01:00.0 901250 3300 273 40062 252500000 economy
	sensors 1 0000:02:00.0 597500 3301 181 -1500 400000000 performance
	put sys/class/akida/akida0/memory_total 201326592
	put sys/class/akida/akida0/memory_used 1048577
	put sys/class/akida/akida1/memory_total 1048576
	put sys/class/akida/akida1/memory_used 0
	put sys/bus/pci/devices/0000:01:00.0/power/runtime_status active
	put sys/bus/pci/devices/0000:02:00.0/power/runtime_status active
}

# wait_for COMMAND...: until it succeeds, for a minute at most.
wait_for()
{
	local i

	for ((i = 0; i < 1200; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	echo "waited a minute for: $*"
	return 1
}

# serve COMMAND...: starts an exporter; its port is in $port then.
serve()
{
	: >served
	"$@" >served 2>served.err </dev/null &
	exporter=$!
	wait_for grep -q '^listening on' served
	port=$(sed -n 's|^listening on http://.*:\([0-9]*\)/metrics$|\1|p' served)
}

# stop [SIGNAL]: ends it; $status is 0 if it ended well and had nothing to say.
stop()
{
	kill "-${1:-TERM}" "$exporter"
	wait "$exporter"
	status=$?
	exporter=
	[ ! -s served.err ] || status="$status, and it said: $(cat served.err)"
}

ask()
{
	"$python" "$helper" "$@"
}

exporter='' prometheus=''
trap '[ -z "$exporter$prometheus" ] || kill $exporter $prometheus; wait; chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$machine/sys/class"
export AKIDA_TEST_ROOT=$machine

# ------------------------------------------------------------------ wrong usage
ok 'an argument' fails 2 'one argument too many' export x
ok '--interval alone' fails 2 '--interval needs --textfile' export --interval 1
ok '--textfile with --listen' fails 2 'does not go with' export --textfile x.prom --listen :0
ok '--textfile with --timeout' fails 2 'does not go with' export --textfile x.prom --timeout 3
for v in 0 0.01 x; do
	ok "--interval $v" fails 2 'interval' export --textfile x.prom --interval "$v"
	ok "--timeout $v" fails 2 'timeout' export --timeout "$v"
done
for v in '' 10150 127.0.0.1 127.0.0.1: :x 127.0.0.1:65536 127.0.0.1:-1 127.0.0.1:+1 '127.0.0.1: 1' :99999999999999999999; do
	ok "--listen '$v'" fails 1 "^akida export: --listen: '.*': .*(no port|no number from 0 to 65535); write ADDRESS:PORT" export --listen "$v"
done
ok '--listen ::1:0' fails 1 'stands in brackets' export --listen ::1:0
ok '--listen [::1:0' fails 1 'a bracket is not closed' export --listen '[::1:0'
ok '--listen of another machine' fails 1 '192.0.2.1:0: this machine has no such address' export --listen 192.0.2.1:0
ok '--listen no address' fails 1 "--listen: '300.1.1.1:0': " export --listen 300.1.1.1:0

# --------------------------------------------------------------------- the file
ok 'no board' eval 'run 0 export --textfile none.prom && grep -qx "akida_boards 0" none.prom && [ ! -s out ] && [ ! -s err ]'
describe
umask 077
ok '--textfile' run 0 export --textfile a.prom
ok 'is silent' eval '[ ! -s out ] && [ ! -s err ]'
ok 'is readable to all' eval '[ "$(stat -c %a a.prom)" = 644 ]'
umask 022
# The folder of the test has other hidden files.
ok 'has nothing beside it' eval '! ls -A | grep -q "^\.akida-"'
ok 'a name that node_exporter does not read' eval 'run 0 export --textfile a.txt && warns "only files whose names end in .prom"'
ok 'no folder' fails 1 'none/a.prom: cannot' export --textfile none/a.prom
ok 'a folder' eval 'mkdir f.prom; fails 1 "f.prom: is a directory" export --textfile f.prom'
ok 'numbers with all their digits' eval 'grep -qxF "akida_busy_seconds_total{board=\"akida0\",pci_address=\"0000:01:00.0\"} 1.234567" a.prom &&
	grep -qxF "akida_power_watts{board=\"akida0\",pci_address=\"0000:01:00.0\"} 0.90125" a.prom &&
	grep -qxF "akida_clock_hertz{board=\"akida0\",pci_address=\"0000:01:00.0\"} 252500000" a.prom &&
	grep -qxF "akida_temperature_celsius{board=\"akida1\",pci_address=\"0000:02:00.0\"} -1.5" a.prom &&
	grep -qxF "akida_job_latency_seconds_bucket{board=\"akida0\",pci_address=\"0000:01:00.0\",le=\"0.006144\"} 101" a.prom'
ok 'a board that says little' eval '! grep "akida2.*\(latency\|watts\|clock\|memory\|suspended\)" a.prom'
# opened PID FD ID COMMAND JOBS PROGRAM: an open file of board 1.
opened()
{
	lead "proc/$1/fd/$2" /dev/akida1
	put "proc/$1/comm" "$4"
	put "proc/$1/status" "Name:	x
Uid:	1000	1000	1000	1000"
	put "proc/$1/fdinfo/$2" "pos:	0
akida-node:	akida1
akida-pdev:	0000:02:00.0
akida-client-id:	$3
akida-busy-time:	1500000001 ns
akida-jobs:	$5
akida-jobs-failed:	1
akida-memory:	12 KiB
akida-program:	$6"
}

ok 'no process by default' eval '! grep -q akida_process a.prom'
opened 4711 3 17 'a"b\c' 12 digits
opened 4712 5 17 'a"b\c' 12 digits
opened 4712 6 18 worker 0 ''
ok '--processes' run 0 export --processes --textfile p.prom
same='board="akida1",pci_address="0000:02:00.0",client="17",pid="4711"'
other='board="akida1",pci_address="0000:02:00.0",client="18",pid="4712"'
cat >expected <<-END
	akida_process_info{$same,command="a\\"b\\\\c",user="1000",program="digits"} 1
	akida_process_info{$other,command="worker",user="1000",program=""} 1
	akida_process_busy_seconds_total{$same} 1.500000001
	akida_process_busy_seconds_total{$other} 1.500000001
	akida_process_jobs_completed_total{$same} 12
	akida_process_jobs_completed_total{$other} 0
	akida_process_jobs_failed_total{$same} 1
	akida_process_jobs_failed_total{$other} 1
	akida_process_memory_bytes{$same} 12288
	akida_process_memory_bytes{$other} 12288
END
ok 'each open file once, names escaped' eval 'diff expected <(grep "^akida_process_" p.prom)'
if command -v promtool >/dev/null; then
	ok 'promtool has nothing to say' eval '[ -z "$(cat a.prom <(grep akida_process p.prom) | promtool check metrics 2>&1)" ]'
	ok 'promtool: alerts' promtool check rules "$contrib/prometheus/akida.rules.yml"
	ok 'promtool: each alert comes when it should' promtool test rules "$contrib/prometheus/akida.rules.test.yml"
	ok 'promtool: example of a configuration' promtool check config "$contrib/prometheus/prometheus.yml"
else
	skip 'promtool' 'there is no promtool (Debian: prometheus)'
fi

# The tables of the documentation have every metric with its type, and no other.
"$akida" export --processes --textfile all.prom
sed -nE 's/^``(akida_[a-z_]*)`` +([a-z]+) .*/\1 \2/p' "$top/Documentation/admin-guide.rst" | sort >table
ok 'the admin guide has all metrics' eval 'diff <(sed -E "s/ (info|stateset)$/ gauge/" table | grep -v "^akida_process_") \
	<(sed -n "s/^# TYPE //p" all.prom | grep -v "^akida_process_" | sort)'
ok 'and of processes those that the source has' eval 'diff <(sed -n "s/^\(akida_process_.*\) .*/\1/p; s/^\(akida_process_info\) .*/\1/p" table | sed -E "s/_(info|total)$//" | sort) \
	<(sed -n "s/^	{ \"\(akida_process[a-z_]*\)\".*/\1/p" "$top/tools/akida/export_metrics.c" | grep -v processes | sort)'
ok 'no other metric in dashboard and alerts' ask names a.prom "$contrib/grafana/akida.json" "$contrib/prometheus/akida.rules.yml"

if ! "$python" -c 'import prometheus_client' 2>/dev/null; then
	skip 'what it says, and the server' 'there is no python3-prometheus-client'
	finish
	exit
fi
ok 'what it says is what the files say' ask file a.prom
ok 'also of names with quotes' ask parse p.prom 'a"b\c'
gone proc/4711 proc/4712
"$akida" export --textfile b.prom --interval 0.1 >served 2>served.err </dev/null &
exporter=$!
wait_for test -s b.prom
ok '--interval: whoever reads the file sees a whole one' ask atomic b.prom
stop
ok 'SIGTERM ends it' test "$status" = 0
ok 'nothing is left beside the file' eval '! ls -A | grep -q "^\.akida-"'

# ------------------------------------------------------------------- the server
serve "$akida" export --listen 127.0.0.1:0 --timeout 60
ok 'it starts' grep -q '^listening on http://127\.0\.0\.1:[1-9][0-9]*/metrics$' served
ok 'both formats: strict, equal, and what the files say' ask truth "$port"
ok 'it answers in the format that is asked for' ask accept "$port"
ok 'pages, methods, HEAD' ask pages "$port"
ok 'eight clients at a time' ask concurrent "$port"
ok 'a crowd of silent clients' ask crowd "$port"
ok 'a port that is taken' fails 1 "127.0.0.1:$port: another program listens there" export --listen "127.0.0.1:$port"
# The lines of a sensor that does not answer are left out, not zero.
mv "$machine/sys/bus/pci/devices/0000:02:00.0/hwmon/hwmon4/power1_input" power
mkdir "$machine/sys/bus/pci/devices/0000:02:00.0/hwmon/hwmon4/power1_input"
put sys/bus/pci/devices/0000:02:00.0/power/runtime_status suspended
rm "$machine/sys/class/akida/akida1/clock_mode"
ok 'a board that is suspended' ask truth "$port"
gone sys/class/akida/akida1 sys/bus/pci/devices/0000:02:00.0
ok 'a board that is gone' ask truth "$port"
gone sys/class/akida sys/bus sys/module/akida
ok 'no board, no driver, no PCI bus' eval 'ask truth "$port" 2>/dev/null || { put sys/module/akida/version x; ask truth "$port"; }'
describe
ok 'they are back' ask truth "$port"
if grep -q -- '-fsanitize=' "$BUILD/.flags"; then
	skip 'memory of thousands of requests' 'a sanitizer keeps memory of its own; it looks for leaks instead'
else
	ok 'memory of thousands of requests' ask memory "$port" "$exporter" 2000
fi
stop
ok 'SIGTERM ends it' test "$status" = 0
serve "$akida" export --listen 127.0.0.1:0 --timeout 2
ok 'slow clients' ask slow "$port" "$exporter"
ok 'hostile clients' ask hostile "$port"
stop INT
ok 'SIGINT ends it' test "$status" = 0
if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
	serve "$akida" export --listen '[::1]:0'
	ok 'IPv6' eval 'grep "^listening on http://\[::1\]:[0-9]*/metrics$" served && ask address "::1" "$port"'
	stop
	ok 'IPv6: it ends' test "$status" = 0
fi
serve "$akida" export --listen :0
ok 'all addresses' ask truth "$port"
stop
# As systemd passes a socket: number 3.
pass='import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen() if sys.argv[1] == "listen" else None
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])'
serve "$python" -c "$pass" listen "$akida" export
ok 'a socket of systemd' eval '[ "$port" -ne 10150 ] && ask truth "$port"'
stop
ok 'it ends, too' test "$status" = 0
ok 'a socket that does not listen' eval '! "$python" -c "$pass" bound "$akida" export 2>err && grep -q "something else than one listening" err'

# ------------------------------------------------------------------- Prometheus
scrape()
{
	cat >prometheus.yml <<-END
		global:
		  scrape_interval: 200ms
		  scrape_timeout: 200ms
		scrape_configs:
		  - job_name: akida
		    scrape_interval: 1s
		    scrape_timeout: 1s
		    static_configs:
		      - targets: ['127.0.0.1:$port']
	END
	GOMAXPROCS=1 prometheus --config.file=prometheus.yml --storage.tsdb.path="$work/tsdb" \
		--web.listen-address=127.0.0.1:0 >prometheus.log 2>&1 </dev/null &
	prometheus=$!
	wait_for grep -q 'Listening on' prometheus.log
	web=$(sed -n 's/.*Listening on.*127\.0\.0\.1:\([0-9]*\).*/\1/p' prometheus.log)
}

if grep -q -- '-fsanitize=' "$BUILD/.flags"; then
	skip 'Prometheus' 'the build without sanitizers is scraped'
elif ! command -v prometheus >/dev/null; then
	skip 'Prometheus' 'there is no prometheus (Debian: prometheus)'
else
	serve "$akida" export --listen 127.0.0.1:0
	scrape
	ok 'Prometheus starts' test -n "$web"
	ok 'what Prometheus has is what the files say' ask prometheus "$web"
	counters 0 3734567 203 6 18 3 1577654321
	ok 'also when they say something else' ask prometheus "$web"
	ok 'differences of counters' ask rates "$web"
	ok 'every query of the dashboard gives numbers' ask dashboard "$web" "$contrib/grafana/akida.json"
	kill "$prometheus"
	wait "$prometheus"
	prometheus=
	stop
	ok 'the exporter ends' test "$status" = 0
fi
finish
