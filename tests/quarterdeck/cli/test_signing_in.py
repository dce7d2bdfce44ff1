"""A server's Airflow that does not let somebody in, or is none: said in words, and no password goes to a stranger."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from quarterdeck.cli.run import airflow
from quarterdeck.local_airflow.instance import AirflowError
from quarterdeck.settings import Settings


class Server(ThreadingHTTPServer):
    """Answers every request in one way, and keeps what it was told."""

    answer: tuple[int, bytes] = (200, b"")
    told: list[bytes]


class Handler(BaseHTTPRequestHandler):
    """What the server does with a request."""

    server: Server

    def do_POST(self) -> None:
        self.server.told.append(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on the loopback interface."""
    made = Server(("127.0.0.1", 0), Handler)
    made.told = []
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def sign_in(url: str) -> None:
    with airflow(Settings(airflow_url=url, airflow_user="ann", airflow_password="hush")):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b"{}", "does not let ann in"),
        (502, b"bad gateway", "No Airflow answers"),
        (404, b"nothing here", "No Airflow answers"),
        (200, b"<html>Welcome</html>", "No Airflow answers"),
        (200, b"[]", "No Airflow answers"),
        (200, b"{}", "No Airflow answers"),
    ],
)
def test_why_nobody_is_let_in_is_said(server: Server, status: int, body: bytes, said: str) -> None:
    server.answer = (status, body)
    with pytest.raises(AirflowError, match=said) as refused:
        sign_in(f"http://127.0.0.1:{server.server_port}")
    assert "QUARTERDECK_AIRFLOW_U" in str(refused.value) and "hush" not in str(refused.value)


def test_a_server_that_cannot_prove_who_it_is_gets_no_password(server: Server, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path / "server.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with pytest.raises(AirflowError, match="certificate verify failed"):
        sign_in(f"https://127.0.0.1:{server.server_port}")
    assert server.told == []


def _self_signed(path: Path) -> Path:
    """A key, and the certificate that it gave itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=127.0.0.1")
    now, plain, encoding = datetime.now(UTC), serialization.NoEncryption(), serialization.Encoding.PEM
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(secret + certificate.public_bytes(encoding))
    return path
