import hashlib
import os
import time

import pytest

from bulbinspect.data import fingerprint
from bulbinspect.data.fingerprint import fingerprint_of


@pytest.fixture
def settled(tmp_path, monkeypatch):
    """Return a file that counts as old enough to be remembered."""
    monkeypatch.setattr(fingerprint, "_SETTLED_NS", -1)
    path = tmp_path / "picture"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def hashed(monkeypatch):
    """Return the list of files that were read, growing."""
    files = []
    digest = hashlib.file_digest

    def counted(file, name):
        files.append(file.name)
        return digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    return files


def test_a_file_that_stays_is_read_once(settled, hashed):
    assert fingerprint_of(settled) == fingerprint_of(settled)
    assert len(hashed) == 1


def test_a_file_that_changed_is_read_again_though_size_and_time_are_the_same(settled, hashed):
    before, times = fingerprint_of(settled), settled.stat()
    time.sleep(0.02)  # longer than a tick of the file system's clock
    settled.write_bytes(b"two")
    os.utime(settled, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = fingerprint_of(settled)
    assert after.content == hashlib.sha256(b"two").digest() != before.content


def test_a_file_that_was_written_just_now_is_read_again(tmp_path, hashed):
    path = tmp_path / "picture"
    path.write_bytes(b"one")
    fingerprint_of(path)
    fingerprint_of(path)
    assert len(hashed) == 2


def test_a_file_that_is_gone_has_none_though_it_was_known(settled):
    fingerprint_of(settled)
    settled.unlink()
    assert fingerprint_of(settled) is None
