# SPDX-License-Identifier: GPL-2.0
"""QEMU with boards attached, its monitor, and the serial lines of the guest."""

import json
import os
import select
import socket
import subprocess
import threading
import time

from board import DIE_WITH_PARENT, BoardError


class MonitorError(Exception):
    pass


class Monitor:
    """QMP. Events are kept until somebody waits for them."""

    def __init__(self, connection):
        self.connection = connection
        self.condition = threading.Condition()
        self.replies = {}
        self.events = []
        self.number = 0
        self.closed = False
        threading.Thread(target=self.receive, daemon=True).start()
        self.execute({"execute": "qmp_capabilities"})

    def receive(self):
        with self.connection.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                with self.condition:
                    if "event" in message:
                        self.events.append(message)
                    elif "id" in message:
                        self.replies[message["id"]] = message
                    self.condition.notify_all()
        with self.condition:
            self.closed = True
            self.condition.notify_all()

    def execute(self, command, timeout=60):
        with self.condition:
            self.number += 1
            number = self.number
            self.connection.sendall(json.dumps({**command, "id": number}).encode() + b"\n")
            if not self.condition.wait_for(lambda: number in self.replies or self.closed, timeout):
                raise MonitorError(f"no answer to {command['execute']}")
            if number not in self.replies:
                raise MonitorError("QEMU is gone")
            reply = self.replies.pop(number)
        if "error" in reply:
            raise MonitorError(reply["error"]["desc"])
        return reply.get("return", {})

    def wait_event(self, name, timeout, since=0, **data):
        """An event after the first `since` ones; False if it does not come."""
        def came():
            return any(e["event"] == name and data.items() <= e.get("data", {}).items() for e in self.events[since:])
        with self.condition:
            self.condition.wait_for(lambda: came() or self.closed, timeout)
            return came()


class Machine:
    def __init__(self, qemu, folder, log_folder, boards, options):
        self.folder = folder
        self.boards = boards
        self.results = {}
        self.problems = []
        # What boards could reach before the driver was loaded and in the end.
        self.mappings = {}
        self.ended_at = None
        self.pressing = threading.Event()
        listen = {name: self.listen(name) for name in ("out", "ctl", "qmp")}
        command = [qemu, "-M", "q35", "-accel", options.accel, "-cpu", options.cpu, "-smp", str(options.cpus),
                   "-m", str(options.memory), "-object", f"memory-backend-memfd,id=m,size={options.memory}M,share=on",
                   "-numa", "node,memdev=m", "-nodefaults", "-display", "none", "-no-user-config", *([] if options.reboot else ["-no-reboot"]),
                   "-kernel", options.image, "-initrd", options.initrd, "-append", options.append,
                   "-chardev", f"file,id=console,path={options.console}", "-serial", "chardev:console"]
        for name in ("out", "ctl"):
            command += ["-chardev", f"socket,id={name},path={os.path.join(folder, name)}", "-serial", f"chardev:{name}"]
        command += ["-chardev", f"socket,id=qmp,path={os.path.join(folder, 'qmp')}", "-mon", "chardev=qmp,mode=control"]
        if options.profile == "hotplug":
            command += ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]
        if options.iommu == "strict":
            command += ["-device", "intel-iommu,caching-mode=on,intremap=off"]
        for b in boards:
            slot = f",slot={b.number + 1}" if options.profile == "hotplug" else ""
            command += ["-device", f"pcie-root-port,id=rp{b.number},chassis={b.number + 1}{slot}",
                        "-device", json.dumps(self.device(b))]
        command += options.qemu_args
        with open(os.path.join(log_folder, "qemu.log"), "wb") as log:
            log.write((" ".join(command) + "\n").encode())
            log.flush()
            self.process = subprocess.Popen([*DIE_WITH_PARENT, *command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        self.lines = {name: self.accept(name, s) for name, s in listen.items()}
        self.monitor = Monitor(self.lines["qmp"])
        threading.Thread(target=self.serve, daemon=True).start()

    def listen(self, name):
        s = socket.socket(socket.AF_UNIX)
        s.bind(os.path.join(self.folder, name))
        s.listen(1)
        return s

    def accept(self, name, listening):
        deadline = time.monotonic() + 30
        with listening:
            while not select.select([listening], [], [], 0.1)[0]:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.process.kill()
                    raise MonitorError("QEMU does not start")
            return listening.accept()[0]

    @staticmethod
    def device(board):
        return {"driver": "vfio-user-pci", "id": f"board{board.number}", "bus": f"rp{board.number}", "rombar": 0,
                "socket": {"type": "unix", "path": board.socket}}

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def serve(self):
        self.answer_requests()
        # A board that was started here dies with the thread that did it.
        threading.Event().wait()

    # What vmctl asks for: lines in, "STATUS LENGTH" and text out.
    def answer_requests(self):
        pending = b""
        while True:
            try:
                part = self.lines["ctl"].recv(4096)
            except OSError:
                part = b""
            if not part:
                return
            pending += part
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                try:
                    status, text = self.request(line.decode(errors="replace").strip("\0\r "))
                except (BoardError, MonitorError, OSError, ValueError, IndexError) as e:
                    status, text = 1, f"vmctl: {e}\n"
                data = text.encode()
                try:
                    self.lines["ctl"].sendall(b"%d %d\n" % (status, len(data)) + data)
                except OSError:
                    return

    def board(self, number):
        n = int(number)
        if not 0 <= n < len(self.boards):
            raise BoardError(f"there is no board {n}")
        return self.boards[n]

    def request(self, line):
        command, _, rest = line.partition(" ")
        words = rest.split()
        handler = getattr(self, "do_" + command.replace("-", "_"), None)
        if not handler:
            return 2, f"vmctl: there is no command '{command}'\n"
        return handler(rest, words)

    def do_board(self, rest, words):
        answer = self.board(words[0]).control(rest.split(None, 1)[1])
        return 0 if json.loads(answer).get("ok") else 1, answer

    def do_unplug(self, _, words):
        device = f"board{self.board(words[0]).number}"
        since = len(self.monitor.events)
        self.monitor.execute({"execute": "device_del", "arguments": {"id": device}})
        if words[1:] != ["nowait"] and not self.monitor.wait_event("DEVICE_DELETED", 90, since, device=device):
            return 1, f"vmctl: the guest does not let {device} go\n"
        return 0, ""

    def do_replug(self, _, words):
        # QEMU forgets a device a moment after it has said so.
        for attempt in range(50):
            try:
                self.monitor.execute({"execute": "device_add", "arguments": self.device(self.board(words[0]))})
                return 0, ""
            except MonitorError as e:
                if "Duplicate" not in str(e) or attempt == 49:
                    raise
            time.sleep(0.1)
        return 1, ""

    def do_kill_board(self, _, words):
        # QEMU fails an assertion if it is waiting for an answer just then, or
        # has writes to send that nobody waits for.
        self.monitor.execute({"execute": "stop"})
        try:
            time.sleep(0.3)
            self.board(words[0]).kill()
            time.sleep(0.2)
        finally:
            self.monitor.execute({"execute": "cont"})
        return 0, ""

    def do_start_board(self, _, words):
        self.board(words[0]).start(words[1:])
        return 0, ""

    def do_wakeup_after(self, _, words):
        seconds, since = float(words[0]), len(self.monitor.events)

        def wake():
            if not self.monitor.wait_event("SUSPEND", 120, since):
                self.problems.append("wakeup-after: the machine did not go to sleep within 120 s")
                return
            time.sleep(seconds)
            try:
                self.monitor.execute({"execute": "system_wakeup"})
            except MonitorError as e:
                self.problems.append(f"wakeup-after: {e}")
        threading.Thread(target=wake, daemon=True).start()
        return 0, ""

    def do_press_power(self, _, words):
        # Again and again: a press that comes before the machine sleeps wakes nobody.
        self.pressing.set()
        seconds, self.pressing = float(words[0]), threading.Event()

        def press(over):
            while not over.wait(seconds):
                try:
                    self.monitor.execute({"execute": "system_powerdown"})
                except MonitorError:
                    return
        if seconds:
            threading.Thread(target=press, args=(self.pressing,), daemon=True).start()
        return 0, ""

    def do_allow(self, _, words):
        board, key, count = self.board(words[0]), words[1], int(words[2])
        board.allowed[key] = board.allowed.get(key, 0) + count
        return 0, ""

    def do_qmp(self, rest, _):
        return 0, json.dumps(self.monitor.execute(json.loads(rest))) + "\n"

    def do_result(self, rest, words):
        self.results[words[0]] = rest.partition(" ")[2]
        if words[0] in ("begin", "end"):
            self.mappings[words[0]] = [b.mappings() for b in self.boards]
        if words[0] == "end":
            self.ended_at = time.monotonic()
        return 0, ""
