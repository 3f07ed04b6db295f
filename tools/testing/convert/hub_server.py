#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A local server that behaves like the Hugging Face hub, and misbehaves on demand.

Usage: hub_server.py FOLDER PORT_FILE LOG

Models are FOLDER/ORG/NAME. Files of 1000 bytes and more are in large-file
storage, behind a redirect to another host name. What a model does wrong, its
name says: gated, truncated, wronghash, norange, flaky, long, escape, broken.
"""

import hashlib
import json
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT, PORT_FILE, LOG = sys.argv[1:4]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_good"
LFS = 1000
cuts = {}
lock = threading.Lock()


def blob_id(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def siblings(folder, model):
    out = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        entry = {"rfilename": name, "size": len(data), "blobId": blob_id(data)}
        if len(data) >= LFS:
            digest = hashlib.sha256(data).hexdigest()
            if "wronghash" in model:
                digest = digest[::-1]
            entry["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 135}
        out.append(entry)
    if "escape" in model:
        out.append({"rfilename": "../../escaped.json", "size": 3, "blobId": "0" * 40})
    return out


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self):
        with lock, open(LOG, "a") as f:
            f.write("%s host=%s range=%s auth=%s\n" % (
                self.path, self.headers.get("Host", "").split(":")[0],
                self.headers.get("Range", "-"), self.headers.get("Authorization", "-")))

    def file(self, data, model, key):
        start = 0
        m = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        if m and "norange" not in model:
            start = int(m.group(1))
            if start >= len(data):
                return self.answer(416)
        status = 206 if start else 200
        body = data[start:]
        if "long" in model:
            body += b"more"
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cuts[key] = cuts.get(key, 0) + 1
        if ("truncated" in model or ("flaky" in model and cuts[key] < 4)) and len(body) > 100:
            body = body[:len(body) // 2] if "flaky" in model else body[:0] if start else body[:100]
            self.wfile.write(body)
            self.close_connection = True
            return None
        self.wfile.write(body)
        return None

    def do_GET(self):
        self.note()
        m = re.match(r"/api/models/([\w.-]+/[\w.-]+)/revision/([\w.%-]+)\?blobs=true$", self.path)
        if m:
            return self.model(*m.groups())
        m = re.match(r"/([\w.-]+/[\w.-]+)/resolve/([0-9a-f]{40})/([\w.%-]+)$", self.path)
        if m:
            return self.resolve(*m.groups())
        m = re.match(r"/cdn/([\w.-]+/[\w.-]+)/([\w.%-]+)$", self.path)
        if m:
            with open(os.path.join(ROOT, m.group(1), m.group(2)), "rb") as f:
                return self.file(f.read(), m.group(1), self.path)
        return self.answer(404, b"not found")

    def denied(self, model):
        if "gated" in model and self.headers.get("Authorization") != "Bearer " + TOKEN:
            self.answer(401, b"Access to this model is restricted")
            return True
        return False

    def model(self, model, revision):
        folder = os.path.join(ROOT, model)
        if self.denied(model):
            return None
        if not os.path.isdir(folder) or revision not in ("main", "v1", COMMIT):
            return self.answer(404, b"Repository not found")
        if "broken" in model:
            return self.answer(200, b"<html>a login page</html>")
        body = json.dumps({"id": model, "sha": COMMIT, "siblings": siblings(folder, model)}).encode()
        return self.answer(200, body, Content_Type="application/json")

    def resolve(self, model, commit, name):
        path = os.path.join(ROOT, model, name)
        if self.denied(model):
            return None
        if commit != COMMIT or not os.path.isfile(path):
            return self.answer(404, b"Entry not found")
        with open(path, "rb") as f:
            data = f.read()
        if len(data) < LFS:
            return self.file(data, model, self.path)
        # Another name for this machine stands for the content network.
        host = "localhost:%d" % self.server.server_address[1]
        return self.answer(302, Location="http://%s/cdn/%s/%s" % (host, model, name))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that hang up are what this is for."""


server = Server(("127.0.0.1", 0), Hub)
with open(PORT_FILE + ".new", "w") as port:
    port.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
