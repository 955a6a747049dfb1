"""Signatures of cache entries by a secret that a group shares: who cannot read it cannot make an entry that is used."""

from __future__ import annotations

import hashlib
import hmac

from sambench.errors import UsageError
from sambench.storage.locations import local_only

MARK = b"sambench-hmac-sha256"
"""What stands between an entry's bytes and its signature."""

_SIZE = hashlib.sha256().digest_size

LEAST, MOST = 16, 4096
"""Bytes a secret has."""

MEND = "put the group's secret there (head -c 32 /dev/urandom | base64 > FILE), or leave secret_file out"


class Secret:
    """A group's secret; its content is never shown.

    Attributes:
        name: What tells its entries' names from those of others (hex), so that two groups, or one that signs and one
            that does not, never write over each other's entries. It does not tell the secret.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.name = hmac.new(content, b"sambench cache names 1", hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return "Secret(***)"

    def sign(self, blob: bytes, key: str) -> bytes:
        """Return an entry's bytes with their signature behind them."""
        return blob + MARK + self._signature(blob, key)

    def signed(self, blob: bytes, key: str) -> bool:
        """Tell whether bytes are an entry that was signed with this secret for this key; nothing of them is parsed."""
        body = without_signature(blob)
        return len(body) < len(blob) and hmac.compare_digest(blob[-_SIZE:], self._signature(body, key))

    def _signature(self, blob: bytes, key: str) -> bytes:
        digest = hmac.new(self._content, b"sambench cache entry 1\0" + key.encode() + b"\0", hashlib.sha256)
        digest.update(blob)
        return digest.digest()


def without_signature(blob: bytes) -> bytes:
    """Return an entry's bytes without the signature that may stand behind them."""
    end = len(blob) - len(MARK) - _SIZE
    return blob[:end] if end >= 0 and blob[end : end + len(MARK)] == MARK else blob


def read_secret(location: object, key: str = "cache.secret_file") -> Secret | None:
    """Read a secret from a local file, without white space around it; None where no file is named.

    Args:
        location: The file.
        key: What named it, for messages.

    Raises:
        UsageError: There is no such file, it cannot be read, or holds too little or too much.
    """
    if location is None:
        return None
    path = local_only(location, key)
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{key} is no file", where=path, mend=MEND)
        with path.open("rb") as file:
            content = file.read(MOST + 1).strip()
    except OSError as error:
        raise UsageError(f"{key} cannot be read: {error.strerror}", where=path, mend=MEND) from error
    if not LEAST <= len(content) <= MOST:
        raise UsageError(f"{key} must hold {LEAST} to {MOST} bytes besides white space", where=path, mend=MEND)
    return Secret(content)
