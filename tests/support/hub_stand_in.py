"""A stand-in for the Hugging Face Hub: repositories of files, by the addresses that its library asks."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE = 2000
"""Bytes from which on a file is stored as large ones are, by its SHA-256."""


def sha1_of(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@contextmanager
def hub_of(repos):
    """Serve {("model", "me/tiny", COMMIT): {name: bytes}}; yields the address and the list of paths that were asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def answer(self, code, content=b"", **headers):
            self.send_response(code)
            for key, value in headers.items():
                self.send_header(key.replace("_", "-"), value)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def refuse(self, kind):
            self.answer(404, b"{}", X_Error_Code=kind)

        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            path = unquote(urlsplit(self.path).path)
            asked.append(path)
            for (kind, name, commit), files in repos.items():
                if path.startswith(f"/api/{kind}s/{name}"):
                    return self.api(path.removeprefix(f"/api/{kind}s/{name}"), name, commit, files)
                stem = f"/{'datasets/' if kind == 'dataset' else ''}{name}/resolve/{commit}/"
                if path.startswith(stem):
                    return self.file(files, path.removeprefix(stem), commit)
            return self.refuse("RepoNotFound")

        def api(self, rest, name, commit, files):
            if rest.split("/")[1:2] == ["revision"] and rest.split("/")[2] not in (commit, "main"):
                return self.refuse("RevisionNotFound")
            told = []
            for one, content in files.items():
                entry = {"rfilename": one, "path": one, "type": "file", "size": len(content)}
                entry |= {"blobId": sha1_of(content), "oid": sha1_of(content)}
                if len(content) >= LARGE:
                    digest = hashlib.sha256(content).hexdigest()
                    entry["lfs"] = {"sha256": digest, "oid": digest, "size": len(content), "pointerSize": 130}
                told.append(entry)
            content = told if "/tree/" in rest else {"id": name, "sha": commit, "siblings": told}
            return self.answer(200, json.dumps(content).encode(), Content_Type="application/json")

        def file(self, files, name, commit):
            if name not in files:
                return self.refuse("EntryNotFound")
            content = files[name]
            large = len(content) >= LARGE
            tag = hashlib.sha256(content).hexdigest() if large else sha1_of(content)
            headers = {"ETag": f'"{tag}"', "X_Repo_Commit": commit, "Content_Length": str(len(content))}
            return self.answer(200, content, **headers)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
