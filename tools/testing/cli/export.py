# SPDX-License-Identifier: GPL-2.0
"""Clients of akida export for test-export.sh: good, concurrent, slow and hostile
ones, a strict parser of its formats, and what a real Prometheus made of it.

Usage: export.py WHAT ARGUMENT...; ends with status 0 if all is as it should be.
"""

import glob
import http.client
import json
import math
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

PATIENCE = int(os.environ.get("EXPORT_PATIENCE", "60"))
OPEN = "application/openmetrics-text"


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.02)


def request(port, path="/metrics", method="GET", host="127.0.0.1", **headers):
    c = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    c.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    r = c.getresponse()
    body = r.read()
    c.close()
    return r.status, {k.lower(): v for k, v in r.getheaders()}, body.decode()


def connect(port):
    return socket.create_connection(("127.0.0.1", int(port)), timeout=PATIENCE)


def samples(text, strict):
    """{(name, ((label, value), ...)): number}, and {family: (type, unit, help)}"""
    if strict:
        from prometheus_client.openmetrics import parser
    else:
        from prometheus_client import parser
    values, families = {}, {}
    for f in parser.text_string_to_metric_families(text):
        families[f.name] = (f.type, f.unit, f.documentation)
        for s in f.samples:
            key = (s.name, tuple(sorted(s.labels.items())))
            assert key not in values, f"{key} stands there twice"
            values[key] = s.value
    return values, families


# ------------------------------------------------------------------- the truth


def read(path):
    try:
        with open(os.environ["AKIDA_TEST_ROOT"] + path, encoding="ascii") as f:
            return f.read().strip()
    except (FileNotFoundError, IsADirectoryError):
        return None


def truth():
    """What the machine's files say, as samples of the text format."""
    values = {}

    def put(name, labels, value):
        values[(name, tuple(sorted(labels.items())))] = value

    def number(name, labels, path, scale):
        text = read(path)
        if text is not None:
            put(name, labels, int(text) / scale)

    root = os.environ["AKIDA_TEST_ROOT"]
    held = {}
    for path in glob.glob(f"{root}/sys/class/akida/akida*"):
        held[os.path.basename(os.path.realpath(path + "/device"))] = os.path.basename(path)
    version = re.search(r"^VERSION *:= (.*)$", open(sys.path[0] + "/../../../Makefile", encoding="utf-8").read(), re.M)[1]
    put("akida_exporter_build_info", {"version": version}, 1)
    put("akida_driver_info", {"version": read("/sys/module/akida/version")}, 1)
    put("akida_boards", {}, len(held))
    for path in glob.glob(f"{root}/sys/bus/pci/devices/*"):
        if open(path + "/vendor", encoding="ascii").read() == "0x1e7c\n":
            address = os.path.basename(path)
            put("akida_up", {"pci_address": address}, int(address in held))
    for address, board in held.items():
        both = {"board": board, "pci_address": address}
        pci, cls = f"/sys/bus/pci/devices/{address}", f"/sys/class/akida/{board}"
        chip = {"0xbca1": "AKD1000", "0xa500": "AKD1500"}[read(pci + "/device")]
        virtual = read(pci + "/subsystem_vendor") == "0x1af4"
        put("akida_board_info", {**both, "chip": chip, "virtual": str(virtual).lower()}, 1)
        number("akida_busy_seconds_total", both, cls + "/busy_time_us", 1e6)
        number("akida_jobs_completed_total", both, cls + "/jobs_completed", 1)
        number("akida_jobs_failed_total", both, cls + "/jobs_failed", 1)
        number("akida_program_switches_total", both, cls + "/program_switches", 1)
        number("akida_resets_total", both, cls + "/resets", 1)
        number("akida_memory_bytes", both, cls + "/memory_total", 1)
        number("akida_memory_used_bytes", both, cls + "/memory_used", 1)
        if read(cls + "/job_latency_us"):
            jobs = 0
            for line in read(cls + "/job_latency_us").splitlines():
                upper, count = line.split()
                jobs += int(count)
                le = "+Inf" if upper == "inf" else repr(int(upper) / 1e6)
                put("akida_job_latency_seconds_bucket", {**both, "le": le}, jobs)
            put("akida_job_latency_seconds_count", both, jobs)
            number("akida_job_latency_seconds_sum", both, cls + "/job_latency_sum_us", 1e6)
        for hwmon in glob.glob(f"{root}{pci}/hwmon/hwmon*"):
            hwmon = hwmon[len(root) :]
            number("akida_power_watts", both, hwmon + "/power1_input", 1e6)
            number("akida_supply_volts", both, hwmon + "/in0_input", 1e3)
            number("akida_current_amperes", both, hwmon + "/curr1_input", 1e3)
            number("akida_temperature_celsius", both, hwmon + "/temp1_input", 1e3)
            number("akida_clock_hertz", both, hwmon + "/freq1_input", 1)
        if read(cls + "/clock_mode"):
            for mode in "performance", "economy", "lowpower":
                put("akida_clock_mode", {**both, "akida_clock_mode": mode}, int(read(cls + "/clock_mode") == mode))
        if read(pci + "/power/runtime_status"):
            put("akida_suspended", both, int(read(pci + "/power/runtime_status") == "suspended"))
        for name, unit, file in ("transfers_per_second", 1e9, "speed"), ("lanes", 1, "width"):
            best = [float(read(f"{pci}{up}/max_link_{file}").split()[0]) for up in ("", "/..")]
            put(f"akida_pcie_link_max_{name}", both, min(best) * unit)
            put(f"akida_pcie_link_{name}", both, float(read(f"{pci}/current_link_{file}").split()[0]) * unit)
        for kind in "correctable", "nonfatal", "fatal":
            errors = read(f"{pci}/aer_dev_{kind}")
            put("akida_pcie_errors_total", {**both, "class": kind}, int(errors.split()[-1]))
    return values


def canonical(values):
    """The same whatever digits a bucket's border was written with."""
    return {
        (n, tuple((k, repr(float(v)) if k == "le" else v) for k, v in labels)): value for (n, labels), value in values.items()
    }


def same(got, want, processes=False):
    got, want = canonical(got), canonical(want)
    if processes:
        got = {k: v for k, v in got.items() if not k[0].startswith("akida_process")}
    for key in sorted(got.keys() | want.keys()):
        assert key in got, f"{key} is missing"
        assert key in want, f"{key} is one too many"
        assert math.isclose(got[key], want[key], rel_tol=1e-12), f"{key}: {got[key]}, not {want[key]}"


def check_truth(port):
    status, headers, text = request(port)
    assert status == 200 and headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8", headers
    values, families = samples(text, False)
    same(values, truth())
    status, headers, text = request(port, Accept=OPEN)
    assert status == 200 and headers["content-type"] == OPEN + "; version=1.0.0; charset=utf-8", headers
    assert text.endswith("\n# EOF\n")
    strict, strict_families = samples(text, True)
    assert strict == values
    for name, (kind, unit, text) in strict_families.items():
        assert unit == "" or name.endswith("_" + unit), name
        word = name.rsplit("_", 1)[1]
        if word in ("seconds", "bytes", "watts", "volts", "amperes", "celsius", "hertz"):
            assert unit == word, f"{name} has no unit"
        assert text.endswith("."), name
        # The text format has no info and no stateset; the parser drops _total.
        old = families[name + "_info" if kind == "info" else name][0]
        assert old == ({"info": "gauge", "stateset": "gauge"}.get(kind, kind)), name


def check_file(path):
    with open(path, encoding="utf-8") as f:
        same(samples(f.read(), False)[0], truth())


def check_parse(path, command):
    with open(path, encoding="utf-8") as f:
        values = samples(f.read(), False)[0]
    found = [dict(labels)["command"] for name, labels in values if name == "akida_process_info"]
    assert sorted(found) == [command, "worker"], found


# ------------------------------------------------------------------------ HTTP


def check_accept(port):
    prometheus = (
        OPEN + ";version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    )
    newer = (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
        + OPEN
        + ";version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
    )
    wishes = {
        OPEN: True,
        OPEN.upper(): True,
        OPEN + '; version="1.0.0" ; charset=utf-8': True,
        prometheus: True,
        newer: True,
        "*/*;q=0.9, " + OPEN: True,
        "text/plain;q=0.5," + OPEN + ";q=0.5": True,
        "text/plain;q=0.5," + OPEN + ";q=0.4": False,
        "text/plain;q=0.1, */*, " + OPEN + ";q=0.4": True,
        "text/*;q=0.1, */*, " + OPEN + ";q=0.4": True,
        OPEN + ";q=0": False,
        OPEN + ";q=0.000": False,
        OPEN + ";q=x": False,
        OPEN + ";q=": False,
        OPEN + ";q=-1": False,
        OPEN + ";q=inf": False,
        OPEN + ";q=2": False,
        OPEN + ";version=2.0.0": False,
        OPEN + ";version=0.0.1": False,
        OPEN + "x": False,
        "application/json": False,
        "text/html,application/xhtml+xml,*/*;q=0.8": False,
        "*/*": False,
        "": False,
        ",": False,
        ";;;,=;=,;q": False,
        " , ; q=1 ," + OPEN + " ;": True,
    }
    for accept, strict in wishes.items():
        status, headers, text = request(port, Accept=accept)
        assert status == 200 and headers["vary"] == "Accept"
        assert headers["content-type"].startswith(OPEN if strict else "text/plain"), f"{accept!r}: {headers}"
        assert text.endswith("# EOF\n") == strict, accept


def check_pages(port):
    status, headers, text = request(port, "/")
    assert status == 200 and headers["content-type"].startswith("text/html") and 'href="/metrics"' in text
    for path in "/metric", "/metrics/", "/../etc/passwd", "/%2e%2e/etc/passwd", "//", "/favicon.ico":
        assert request(port, path)[0] == 404, path
    assert request(port, "/metrics?name=x")[0] == 200
    for method in "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "metrics":
        status, headers, text = request(port, method=method)
        assert status == 405 and headers["allow"] == "GET, HEAD", (method, status)
    for path, want in ("/metrics", 200), ("/", 200), ("/x", 404):
        status, headers, text = request(port, path, "HEAD")
        assert status == want and text == "" and int(headers["content-length"]) > 0, path
    # One connection, several requests.
    c = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    for _ in range(5):
        c.request("GET", "/metrics")
        kept = c.sock
        assert b"akida_boards" in c.getresponse().read()
        assert c.sock is kept and kept, "the connection was closed"
    c.close()


def check_address(host, port):
    assert "akida_boards" in request(port, host=host)[2]


def check_concurrent(port):
    failed = []

    def client():
        try:
            for i in range(25):
                strict = i % 2 == 0
                text = request(port, Accept=OPEN if strict else "*/*")[2]
                assert canonical(samples(text, strict)[0]) == want
        except Exception as e:  # pylint: disable=broad-except
            failed.append(repr(e))

    want = canonical(samples(request(port)[2], False)[0])
    threads = [threading.Thread(target=client) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed, failed


def closed(s):
    """Reads until the other end closes."""
    try:
        while s.recv(65536):
            pass
    except ConnectionError:
        pass
    except TimeoutError as e:
        raise AssertionError("the connection stays open") from e


def check_hostile(port):
    long = b"A" * 70000
    attacks = [
        b"\0" * 5000,
        b"\xff\xfe\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + long + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: " + long + b"\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n" + long,
        b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n" + long,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + long,
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"\r\n" * 30000,
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: " + OPEN.encode() + b";" * 9000 + b"\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: " + b"a;q=0.1," * 1000 + b"\r\n\r\n",
        b"GET /%00%ff%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    sockets = []
    for a in attacks:
        s = connect(port)
        sockets.append(s)
        try:
            s.sendall(a)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        # Gone in the middle of it.
        s = connect(port)
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            s.sendall(a[: len(a) // 2])
        except OSError:
            pass
        s.close()
    for s in sockets:
        closed(s)
        s.close()
    # Many requests at once, and nobody who reads the answers.
    s = connect(port)
    s.settimeout(0.2)
    try:
        for _ in range(2000):
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    except OSError:
        pass
    assert request(port)[0] == 200
    s.close()
    check_truth(port)


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def check_slow(port, pid):
    """With little patience: who never comes to an end is sent away."""
    files = open_files(pid)
    idle = connect(port)
    drip = connect(port)
    # Asks for more than sockets hold, and reads nothing.
    deaf = connect(port)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.settimeout(0.2)
    try:
        while True:
            deaf.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    except OSError:
        pass

    def gone():
        # A byte at a time is never silent for long.
        try:
            drip.send(b"G")
        except OSError:
            pass
        return open_files(pid) == files

    wait_for("slow clients to be sent away", gone)
    assert request(port)[0] == 200
    for s in idle, drip, deaf:
        s.close()


def check_crowd(port):
    """All connections are taken by silent ones: the others still come in."""
    crowd = [connect(port) for _ in range(70)]
    assert request(port)[0] == 200
    for s in crowd:
        s.close()


def resident(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return int(re.search(r"^Rss: *(\d+) kB", f.read(), re.M)[1])


def check_memory(port, pid, times):
    c = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)

    def scrape(n):
        for i in range(n):
            c.request("GET", "/metrics", headers={"Accept": OPEN if i % 2 else "*/*"})
            assert c.getresponse().read()
            if i % 10 == 0:
                request(port)
            if i % 100 == 0:
                request(port, "/x" + "y" * (i % 1000))

    scrape(300)
    before = resident(pid)
    files = open_files(pid)
    scrape(int(times))
    after = resident(pid)
    print(f"{before} kB resident, {after} kB after {times} scrapes")
    assert after - before <= 16, f"grew from {before} kB to {after} kB"
    assert open_files(pid) == files


def check_atomic(path):
    """Whoever reads the file sees a whole one, every time."""
    want = truth()
    seen = set()

    def once():
        with open(path, encoding="utf-8") as f:
            text = f.read()
            seen.add(os.fstat(f.fileno()).st_ino)
        same(samples(text, False)[0], want)
        return len(seen) >= 8

    wait_for("eight files", once)


# ------------------------------------------------------------------ Prometheus


def api(port, path, **query):
    status, _, text = request(port, f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
    answer = json.loads(text)
    assert status == 200 and answer["status"] == "success", f"{path} {query}: {text}"
    return answer["data"]


def query(port, expression):
    """{labels: value} without what Prometheus itself adds"""
    result = {}
    for r in api(port, "query", query=expression)["result"]:
        labels = tuple(sorted((k, v) for k, v in r["metric"].items() if k not in ("instance", "job", "__name__")))
        result[(r["metric"].get("__name__", ""), labels)] = float(r["value"][1])
    return result


def check_prometheus(port):
    """All series that it has are what the files say, and it knows their types."""
    want = truth()

    def scraped():
        got = query(port, '{__name__=~"akida_.+"}')
        try:
            same(got, want)
        except AssertionError as e:
            scraped.why = e
            return False
        return True

    try:
        wait_for("Prometheus", scraped)
    except AssertionError:
        raise scraped.why from None
    assert set(query(port, 'up{job="akida"}').values()) == {1}
    known = {m["metric"]: m for m in api(port, "targets/metadata")}
    # Only OpenMetrics tells these: it was asked for, and understood.
    for name, kind, unit in (
        ("akida_clock_mode", "stateset", ""),
        ("akida_board", "info", ""),
        ("akida_busy_seconds", "counter", "seconds"),
        ("akida_job_latency_seconds", "histogram", "seconds"),
        ("akida_power_watts", "gauge", "watts"),
    ):
        found = known.get(name) or known.get(name + "_total") or known.get(name + "_info")
        assert found and (found["type"], found["unit"]) == (kind, unit), (name, found)


def expressions(dashboard):
    with open(dashboard, encoding="utf-8") as f:
        d = json.load(f)
    found = []

    def dig(node, title):
        if isinstance(node, dict):
            title = node.get("title", title)
            if "expr" in node:
                found.append((title, node["expr"]))
            node = list(node.values())
        if isinstance(node, list):
            for child in node:
                dig(child, title)

    dig(d["panels"], "")
    return d, found


def check_dashboard(port, dashboard):
    """Every query of every panel gives numbers; every variable has values."""
    d, found = expressions(dashboard)
    assert len(found) >= 20
    sources = [v["name"] for v in d["templating"]["list"] if v["type"] == "datasource"]
    assert sources == ["datasource"]
    for panel in d["panels"]:
        for part in [panel] + panel["targets"]:
            assert part["datasource"]["uid"] == "${datasource}", panel["title"]
    assert len({p["id"] for p in d["panels"]}) == len(d["panels"])
    for title, e in found:
        e = e.replace("$__rate_interval", "5m").replace("$instance", ".+").replace("$board", ".+")
        assert "$" not in e, e

        def answered(e=e):
            values = query(port, e).values()
            return values and any(math.isfinite(v) for v in values)

        try:
            wait_for("numbers", answered)
        except AssertionError as why:
            raise AssertionError(f"{title}: {e}: {why}") from None
    for v in d["templating"]["list"]:
        if v["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+).*, (\w+)\)", v["definition"]).groups()
            assert any(label in dict(r["metric"]) for r in api(port, "query", query=metric)["result"]), v["definition"]


def check_rates(port):
    """Derived figures, from what the files said at two moments."""
    busy = query(port, 'max_over_time(akida_busy_seconds_total[5m]) - min_over_time(akida_busy_seconds_total[5m])')
    assert sorted(busy.values()) == [0, 0, 2.5], busy
    # 100 jobs more, all in (5.120, 6.144] ms: three quarters of the way through it.
    e = "histogram_quantile(0.75, sum by (le) (max_over_time({0}[5m]) - min_over_time({0}[5m])))"
    value = list(query(port, e.format("akida_job_latency_seconds_bucket")).values())
    assert value and math.isclose(value[0], 0.005888, rel_tol=1e-9), value


def check_names(listing, *paths):
    """Dashboard and rules name no metric that there is not."""
    with open(listing, encoding="utf-8") as f:
        known = set(re.findall(r"^(akida_\w+?)(?:\{| )", f.read(), re.M))
    for path in paths:
        with open(path, encoding="utf-8") as f:
            used = set(re.findall(r"\bakida_[a-z_]*[a-z]\b", f.read()))
        used -= {"akida_clock_mode"}
        assert used and used <= known, f"{path}: {used - known}"


def main():
    globals()["check_" + sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
