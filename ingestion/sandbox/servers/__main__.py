"""``python -m ingestion.sandbox.servers``: serve one company until told to stop.

Writes the ready file (mode 0600, JSON with port, urls, tokens, as_of) once it answers. With
``--watch-stdin`` it ends as soon as its standard input closes, which happens when its parent dies,
however it dies.
"""

import argparse
import json
import os
import secrets
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from ingestion.sandbox.company.folder import facts
from ingestion.sandbox.servers.app import build
from ingestion.sandbox.servers.state import State, Tokens

VENDORS = ("hubspot", "matomo", "shopify", "woocommerce", "salesforce")


def main() -> None:
    """Parse arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.sandbox.servers")
    parser.add_argument("--company", type=Path, required=True, help="folder of the company")
    parser.add_argument("--ready-file", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--keep-tokens", action="store_true", help="same tokens at every start")
    parser.add_argument("--watch-stdin", action="store_true", help="end when stdin closes")
    chosen = parser.parse_args()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", chosen.port))
    port = listener.getsockname()[1]
    tokens = _tokens(chosen.company, chosen.keep_tokens)
    state = State(chosen.company, tokens)
    if chosen.watch_stdin:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    config = uvicorn.Config(
        build(state),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    listener.listen(128)
    _announce(chosen.ready_file, port, tokens, chosen.company)
    uvicorn.Server(config).run(sockets=[listener])


def _tokens(folder: Path, keep: bool) -> Tokens:
    path = folder / "tokens.json"
    if keep and path.exists():
        return Tokens(**json.loads(path.read_text()))
    fresh = Tokens(
        f"pat-eu1-{secrets.token_hex(16)}",
        secrets.token_hex(16),
        f"shpat_{secrets.token_hex(16)}",
        f"ck_{secrets.token_hex(20)}:cs_{secrets.token_hex(20)}",
        f"3MVG{secrets.token_hex(16)}:{secrets.token_hex(16)}",
    )
    if keep:
        _write_secret(path, json.dumps(fresh.as_dict()))
    return fresh


def _write_secret(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    temporary.replace(path)


def _announce(path: Path, port: int, tokens: Tokens, folder: Path) -> None:
    base = f"http://127.0.0.1:{port}"
    _write_secret(
        path,
        json.dumps(
            {
                "pid": os.getpid(),
                "port": port,
                "control": f"{base}/_sandbox",
                "urls": {vendor: f"{base}/{vendor}" for vendor in VENDORS},
                "tokens": tokens.as_dict(),
                "as_of": facts(folder).as_of().isoformat(),
            }
        ),
    )


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
