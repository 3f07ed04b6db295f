#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
What a screen of akida top must show, from the files that it was made of.

  top_truth.py snapshot MACHINE               counters, as JSON
  top_truth.py screen CAPTURE BEFORE AFTER    is that what happened between?
  top_truth.py frames JSON BEFORE AFTER       the same of all frames together
  top_truth.py change MACHINE                 everything changes, until a signal ends it
  top_truth.py memory PID                     memory of a process over time, until it ends
"""
import glob
import json
import os
import re
import sys
import time

CELL = re.compile(r'[\d.]+[kM]? (?:%|s|ms|µs|us|W|mW|MHz|°C|C|[KMGT]iB|B)(?= |$)|-?[\d.]+ °?C|\S+')
BAR = re.compile('[━╸─]+|(?<= )[#.]{3,}(?= )')
COUNTERS = ('busy_time_us', 'jobs_completed', 'jobs_failed', 'program_switches', 'resets',
            'memory_total', 'memory_used')
# Three digits are shown.
ROUNDING = 0.006


def read(path):
    with open(path, encoding='utf-8', errors='replace') as f:
        return f.read().rstrip('\n')


def fdinfo(path):
    found = {}
    for line in read(path).split('\n'):
        key, _, value = line.partition(':')
        found[key] = value.strip()
    return found


def snapshot(root):
    boards, clients = {}, []
    for path in glob.glob(root + '/sys/class/akida/akida*'):
        b = {c: int(read(path + '/' + c)) for c in COUNTERS}
        b['latency'] = [line.split() for line in read(path + '/job_latency_us').split('\n')]
        b['mode'] = read(path + '/clock_mode') if os.path.exists(path + '/clock_mode') else None
        b['address'] = os.path.basename(os.path.realpath(path + '/device'))
        hwmon, = glob.glob(path + '/device/hwmon/hwmon*')
        for name in ('power1_input', 'temp1_input', 'freq1_input'):
            b[name] = int(read(hwmon + '/' + name))
        boards[os.path.basename(path)] = b
    for path in glob.glob(root + '/proc/[0-9]*/fdinfo/*'):
        info = fdinfo(path)
        if 'akida-node' not in info:
            continue
        pid = path.split('/')[-3]
        clients.append({
            'pid': int(pid), 'board': info['akida-node'], 'id': info['akida-client-id'],
            'command': read(f'{root}/proc/{pid}/comm'), 'program': info.get('akida-program', ''),
            'busy': int(info['akida-busy-time'].split()[0]), 'jobs': int(info['akida-jobs']),
            'failed': int(info['akida-jobs-failed']), 'memory': int(info['akida-memory'].split()[0]) << 10,
        })
    return {'boards': boards, 'clients': clients}


def wrong(text):
    sys.exit('wrong: ' + text)


def number(text):
    """A cell in its base unit: 1.22 ms is 0.00122."""
    m = re.fullmatch(r'(-?[\d.]+)([kM]?)(?: (\S+))?', text)
    if not m:
        wrong(f"'{text}' is no number")
    scale = {'': 1, 'k': 1e3, 'M': 1e6}[m[2]]
    scale *= {None: 1, '%': 0.01, 's': 1, 'ms': 1e-3, 'µs': 1e-6, 'us': 1e-6, 'W': 1, 'mW': 1e-3, 'MHz': 1e6,
              '°C': 1, 'C': 1, 'B': 1, 'KiB': 1 << 10, 'MiB': 1 << 20, 'GiB': 1 << 30}[m[3]]
    return float(m[1]) * scale


def expect(what, text, low, high=None, slack=0):
    """Is a cell between two numbers, but for its rounding?"""
    value, high = number(text), low if high is None else high
    if not low * (1 - ROUNDING) - slack <= value <= high * (1 + ROUNDING) + slack:
        wrong(f'{what}: {text} is not {low:g} to {high:g}')


def table(lines, first_head):
    """Rows under the heads that have one, as dictionaries; each cell under its head."""
    at = next((i for i, line in enumerate(lines) if first_head in line.split()), None)
    if at is None:
        wrong(f'no table of {first_head}')
    heads = [(m[0], m.start(), m.end()) for m in re.finditer(r'\S+', lines[at])]
    rows = []
    for line in lines[at + 1:]:
        if not re.match(r'[▸> ] +(akida\d|\d)', line):
            break
        bars = [len(m[0]) for m in BAR.finditer(line)]
        full = sum(1 if c in '━#' else 0.5 if c == '╸' else 0 for m in BAR.finditer(line) for c in m[0])
        cells = [(m[0], m.start(), m.end()) for m in CELL.finditer(BAR.sub(lambda m: ' ' * len(m[0]), line[2:]), 0)]
        if len(cells) != len(heads):
            wrong(f'{len(cells)} cells under {len(heads)} heads: {line}')
        row = {'bar': (full, bars[0]) if bars else None}
        for (text, start, end), (head, hstart, hend) in zip(cells, heads):
            if head != 'UTILISATION' and start + 2 != hstart and end + 2 != hend:
                wrong(f"'{text}' does not stand under {head}: {line}")
            row[head] = text
        rows.append(row)
    return rows


def percentile(before, after, share, name):
    """The bucket that holds it, in seconds."""
    old = {u: int(n) for u, n in before}
    counts = [(float(u) * 1e-6, int(n) - old.get(u, 0)) for u, n in after]
    rank, low = share * sum(n for _, n in counts), 0
    for upper, n in counts:
        if n and rank <= n:
            return low, upper
        rank -= n
        low = upper
    return wrong(f'{name}: the histogram is empty')


def check_board(row, old, new, low, high):
    name = row['BOARD']
    delta = {c: new[c] - old[c] for c in COUNTERS}
    busy = delta['busy_time_us'] * 1e-6
    expect(name + ' utilisation', row['UTILISATION'], min(1, busy / high), min(1, busy / low), 0.0051)
    if row['bar']:
        full, width = row['bar']
        share = number(row['UTILISATION'])
        if abs(full - share * width) > 0.5 + 0.01 * width:
            wrong(f'{name}: a bar of {full} of {width} for {share}')
    expect(name + ' jobs/s', row['JOBS/S'], delta['jobs_completed'] / high, delta['jobs_completed'] / low)
    for head, share in (('P50', 0.5), ('P90', 0.9), ('P99', 0.99), ('MAX', 1)):
        if head not in row:
            continue
        if not delta['jobs_completed']:
            if row[head] != '-':
                wrong(f'{name} {head}: {row[head]} without a job')
            continue
        expect(f'{name} {head}', row[head], *percentile(old['latency'], new['latency'], share, name))
    sensors = {'POWER': (new['power1_input'] * 1e-6, 0), 'TEMP': (new['temp1_input'] * 1e-3, 0.051),
               'CLOCK': (new['freq1_input'], 0.5e6), 'FAILED': (new['jobs_failed'], 0), 'RESETS': (new['resets'], 0),
               'MEMORY': (new['memory_used'] / new['memory_total'], 0.0051)}
    for head, (value, slack) in sensors.items():
        if head in row:
            expect(f'{name} {head}', row[head], value, value, slack)
    if 'SWITCH/S' in row:
        expect(name + ' switches', row['SWITCH/S'], delta['program_switches'] / high, delta['program_switches'] / low)
    for head, value in (('MODE', new['mode']), ('ADDRESS', new['address'])):
        if head in row and row[head] != value:
            wrong(f'{name} {head}: {row[head]}, not {value}')


def processes(before, after):
    """By process and board: what its files did."""
    old = {(c['pid'], c['board'], c['id']): c for c in before['clients']}
    found = {}
    for c in after['clients']:
        o = old.get((c['pid'], c['board'], c['id']), {})
        p = found.setdefault((c['pid'], c['board']), {'busy': 0, 'jobs': 0, 'total': 0, 'failed': 0, 'memory': 0,
                                                      'command': c['command'], 'programs': set()})
        p['busy'] += (c['busy'] - o.get('busy', 0)) * 1e-9
        p['jobs'] += c['jobs'] - o.get('jobs', 0)
        p['total'] += c['jobs']
        p['failed'] += c['failed']
        p['memory'] += c['memory']
        p['programs'].add(c['program'])
    return found


def check_process(row, truth, seen, low, high):
    """Without a column of boards a process may be any that has its number."""
    pid, problem = int(row['PID']), f"process {row['PID']} is not there"
    for key in truth:
        if key[0] == pid and row.get('BOARD', key[1]) == key[1] and key not in seen:
            try:
                check_cells(row, pid, truth[key], low, high)
                return key
            except SystemExit as e:
                problem = e.code
    return sys.exit(problem)


def check_cells(row, pid, p, low, high):
    # Processes are looked at after boards, not at the same moment.
    slack = 0.0051 + 0.05 * p['busy'] / low
    expect(f'{pid} utilisation', row['UTIL'], min(1, p['busy'] / high), min(1, p['busy'] / low), slack)
    expect(f'{pid} jobs/s', row['JOBS/S'], p['jobs'] / high, p['jobs'] / low, 0.05 * p['jobs'] / low)
    for head, value in (('MEMORY', p['memory']), ('JOBS', p['total']), ('FAILED', p['failed'])):
        if head in row:
            expect(f'{pid} {head}', row[head], value, value)
    if 'COMMAND' in row and not row['COMMAND'].endswith('…') and p['command'].isprintable():
        if row['COMMAND'] != p['command']:
            wrong(f"{pid}: {row['COMMAND']}, not {p['command']}")


def check_screen(capture, before, after):
    lines = capture.split('\n')
    m = re.search(r'(\d+) boards?, (\d+) process', lines[0])
    over = re.search(r'over ([\d.]+) s', lines[0])
    if not m or not over:
        wrong('header: ' + lines[0])
    truth = processes(before, after)
    if int(m[1]) != len(after['boards']) or int(m[2]) != len(truth):
        wrong(f"{lines[0]}: not {len(after['boards'])} boards, {len(truth)} processes")
    low, high = float(over[1]) - 0.005, float(over[1]) + 0.005
    if low <= 0:
        wrong('two looks at the same moment')
    rows = table(lines, 'UTILISATION')
    if [r['BOARD'] for r in rows] != sorted(after['boards']):
        wrong('boards: ' + ' '.join(r['BOARD'] for r in rows))
    for r in rows:
        check_board(r, before['boards'][r['BOARD']], after['boards'][r['BOARD']], low, high)
    rows = table(lines, 'PID')
    seen = set()
    for r in rows:
        seen.add(check_process(r, truth, seen, low, high))
    if not rows:
        wrong('no process')
    print(f'{len(after["boards"])} boards, {len(rows)} of {len(truth)} processes over {over[1]} s, {len(lines)} lines')


def check_frames(frames, before, after):
    """What frames say happened must be what happened in all."""
    for name, new in after['boards'].items():
        old = before['boards'][name]
        mine = [b for f in frames for b in f['boards'] if f"akida{b['index']}" == name]
        sums = {
            'jobs_completed': sum(b['jobs_per_second'] * b['seconds'] for b in mine),
            'jobs_failed': sum(b['failed_per_second'] * b['seconds'] for b in mine),
            'program_switches': sum(b['switches_per_second'] * b['seconds'] for b in mine),
            'busy_time_us': sum(b['utilisation'] * b['seconds'] for b in mine) * 1e6,
        }
        for counter, value in sums.items():
            if abs(value - (new[counter] - old[counter])) > 1e-3 * max(1, abs(value)):
                wrong(f'{name} {counter}: {value} in frames, {new[counter] - old[counter]} in truth')
        counted = sum(b['latency_s']['jobs'] for b in mine)
        if counted != new['jobs_completed'] - old['jobs_completed']:
            wrong(f'{name}: latencies of {counted} jobs')
        last = mine[-1]
        for key, value in (('power_w', new['power1_input'] * 1e-6), ('clock_hz', new['freq1_input']),
                           ('temperature_c', new['temp1_input'] * 1e-3), ('memory_used', new['memory_used']),
                           ('memory_total', new['memory_total']), ('jobs', new['jobs_completed']),
                           ('failed', new['jobs_failed']), ('resets', new['resets'])):
            if abs(last[key] - value) > 1e-9 * abs(value):
                wrong(f'{name} {key}: {last[key]}, not {value}')
        if last['clock_mode'] != new['mode'] or last['pci_address'] != new['address']:
            wrong(f'{name}: {last}')
    truth = processes(before, after)
    last = {(p['pid'], f"akida{p['index']}"): p for p in frames[-1]['processes']}
    if set(last) != set(truth):
        wrong(f'processes: {sorted(last)}')
    for key, p in truth.items():
        shown = last[key]
        if (shown['jobs'], shown['failed'], shown['memory']) != (p['total'], p['failed'], p['memory']):
            wrong(f'{key}: {shown}')
        if (shown['program'] or '') not in p['programs'] and all(name.isprintable() for name in p['programs']):
            wrong(f"{key}: program {shown['program']}")
    print(f'{len(frames)} frames')


def write(path, text):
    with open(path + '.new', 'w', encoding='utf-8') as f:
        f.write(text)
    os.rename(path + '.new', path)


def change(root):
    """Counters grow, a board and a process come and go."""
    boards = sorted(glob.glob(root + '/sys/class/akida/akida*'))
    clients = sorted(glob.glob(root + '/proc/[0-9]*/fdinfo/*'))
    link, process = boards[-1], os.path.dirname(os.path.dirname(clients[-1]))
    n = 0
    while True:
        n += 1
        for b in boards:
            if not os.path.exists(b):
                continue
            for c in COUNTERS[:5]:
                write(b + '/' + c, f'{n * 100 + int(read(b + "/" + c))}\n')
            hist = [line.split() for line in read(b + '/job_latency_us').split('\n')]
            hist[n % len(hist)][1] = str(int(hist[n % len(hist)][1]) + 100 * n)
            write(b + '/job_latency_us', ''.join(f'{u} {c}\n' for u, c in hist))
        for c in clients:
            if os.path.exists(c):
                write(c, re.sub(r'(akida-(?:jobs|busy-time):\t)(\d+)', lambda m: m[1] + str(int(m[2]) + 5 * n), read(c)) + '\n')
        for path, turn in ((link, 0), (process, 5)):
            if n % 10 == turn and os.path.lexists(path):
                os.rename(path, root + '/away' + str(turn))
            elif n % 10 == turn + 3 and os.path.lexists(root + '/away' + str(turn)):
                os.rename(root + '/away' + str(turn), path)
        time.sleep(0.05)


def memory(pid):
    """
    Memory of its own that a process has, in KiB: not that of files, which comes
    and goes with the page cache. The highest of the second quarter of its life
    and of the last one must be the same, but for four pages: boards and lines of
    different lengths come and go in the heap. Between the two lie a thousand
    looks, so that 17 bytes lost by each would show.
    """
    found = []
    try:
        while True:
            found.append(int(re.search(r'Anonymous: +(\d+) kB', read(f'/proc/{pid}/smaps_rollup'))[1]))
            time.sleep(0.1)
    except (OSError, TypeError):
        pass
    quarter = len(found) // 4
    if quarter < 5:
        wrong(f'{len(found)} samples are too few')
    early, late = max(found[quarter:2 * quarter]), max(found[-quarter:])
    print(f'{early} KiB in the second quarter, {late} KiB in the last one, {len(found)} samples')
    if late > early + 16:
        wrong(f'memory grows: {found}')


def main(argv):
    if argv[1] == 'snapshot':
        json.dump(snapshot(argv[2]), sys.stdout)
    elif argv[1] == 'screen':
        check_screen(read(argv[2]), json.loads(read(argv[3])), json.loads(read(argv[4])))
    elif argv[1] == 'change':
        change(argv[2])
    elif argv[1] == 'memory':
        memory(argv[2])
    else:
        check_frames([json.loads(line) for line in read(argv[2]).split('\n')], json.loads(read(argv[3])),
                     json.loads(read(argv[4])))


main(sys.argv)
