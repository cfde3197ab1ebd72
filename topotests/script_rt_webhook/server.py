#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An HTTPS server that writes each POST as a line of JSON into a file.

Arguments: port, certificate, key, the file. While there is a file of that name
with ".busy" behind it, the server answers 503. A GET is answered with its path
as JSON, after a minute below /slow, and with status 404 below /missing.
"""

import http.server
import json
import os
import ssl
import sys
import time

PORT, CERT, KEY, OUTPUT = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(60)
        body = json.dumps({"path": self.path}).encode()
        self.send_response(404 if self.path.startswith("/missing") else 200)
        self.send_header("X-Twice", "1")
        self.send_header("X-Twice", "2")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        busy = os.path.exists(OUTPUT + ".busy")
        line = {
            "path": self.path,
            "type": self.headers["content-type"],
            "authorization": self.headers["authorization"],
            "taken": not busy,
            "body": json.loads(body),
        }
        with open(OUTPUT, "a", encoding="utf-8") as output:
            output.write(json.dumps(line) + "\n")
        self.send_response(503 if busy else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
