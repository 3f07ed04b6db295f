# SPDX-License-Identifier: GPL-2.0
"""Virtual boards: processes of akida-board, and what they count."""

import json
import os
import signal
import socket
import subprocess
import time

# Kills a child when this process dies, however it dies.
DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]


class BoardError(Exception):
    pass


def add(total, stats):
    """Adds counters to counters, in place."""
    for key, value in stats.items():
        if key in ("maps", "mapped_bytes"):
            continue
        if isinstance(value, dict):
            add(total.setdefault(key, {}), value)
        elif isinstance(value, int) and not isinstance(value, bool):
            total[key] = total.get(key, 0) + value


class Board:
    def __init__(self, number, program, chip, folder, log_folder, args):
        self.number = number
        self.command = [program, "--chip", chip, *args]
        self.socket = os.path.join(folder, f"board{number}")
        self.stats_file = os.path.join(log_folder, f"board{number}.json")
        self.log = os.path.join(log_folder, f"board{number}.log")
        self.process = None
        # What was counted by processes that are gone or before a reset.
        self.total = {}
        # Counters that a test looked at itself: so much of them is no problem.
        self.allowed = {}

    def start(self, args=()):
        if self.process and self.process.poll() is None:
            raise BoardError(f"board {self.number} runs already")
        for path in (self.socket, self.socket + ".control", self.stats_file):
            if os.path.exists(path):
                os.unlink(path)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*DIE_WITH_PARENT, *self.command, "--socket", self.socket, "--stats", self.stats_file, *args],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.ask("faults")
                return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.log, errors="replace") as log:
                    raise BoardError(f"akida-board does not start: {log.read().strip() or 'it says nothing'}")
            time.sleep(0.02)

    def ask(self, command):
        """One command of the control socket; its answer as a line."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(self.socket + ".control")
            s.sendall(command.encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                part = s.recv(65536)
                if not part:
                    break
                answer += part
        return answer.decode(errors="replace")

    def control(self, command):
        """A command of the guest. Counters that it clears are kept here."""
        words = command.split()
        if words[:2] == ["stats", "reset"] or words[:1] == ["quit"]:
            self.keep_stats()
        answer = self.ask(command)
        if not answer:
            raise BoardError(f"board {self.number} gave no answer")
        return answer

    def keep_stats(self):
        try:
            add(self.total, json.loads(self.ask("stats"))["stats"])
        except (OSError, ValueError, KeyError):
            pass

    def mappings(self):
        """Ranges of host memory that the board may reach; None if it is gone."""
        try:
            return json.loads(self.ask("stats"))["stats"]["host"]["maps"]
        except (OSError, ValueError, KeyError):
            return None

    def kill(self):
        if not self.process or self.process.poll() is not None:
            raise BoardError(f"board {self.number} does not run")
        self.keep_stats()
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        """Ends the process; returns its status, which is 0 if all is well."""
        if not self.process:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        status = self.process.returncode
        self.process = None
        try:
            with open(self.stats_file) as f:
                add(self.total, json.load(f))
        except (OSError, ValueError):
            pass
        return status
