import json
from pathlib import Path

import pytest

from codemill.doctor.accelerators import Asked
from codemill.doctor.credentials import credentials
from codemill.doctor.finding import Finding, Status

SECRETS = {"private_key": "-----BEGIN", "refresh_token": "1//secret", "client_secret": "hidden"}


def never(command: object) -> Asked:
    raise AssertionError("nobody is to be asked")


def written(path: Path, **content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**SECRETS, **content}))
    return path


def check(environment: dict[str, str], home: Path, needed: bool = False, run: object = never) -> Finding:
    (found,) = credentials(needed, environment, home, run)  # type: ignore[arg-type]
    assert not any(secret in found.what + found.remedy for secret in SECRETS.values())
    return found


def test_a_service_accounts_file(tmp_path: Path) -> None:
    path = written(tmp_path / "key.json", type="service_account", client_email="me@project.iam")
    found = check({"GOOGLE_APPLICATION_CREDENTIALS": str(path)}, tmp_path, needed=True)
    assert found.status is Status.OK and "service_account me@project.iam" in found.what


@pytest.mark.parametrize("configured", [True, False])
def test_gclouds_own_file(configured: bool, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" if configured else tmp_path / ".config" / "gcloud"
    written(folder / "application_default_credentials.json", type="authorized_user", account="")
    found = check({"CLOUDSDK_CONFIG": str(folder)} if configured else {}, tmp_path)
    assert (found.status, found.what) == (Status.OK, "gcloud's: authorized_user")


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"type": 1}', b"\xff\xfe"])
def test_a_file_that_will_not_do(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_bytes(content)
    found = check({"GOOGLE_APPLICATION_CREDENTIALS": str(path)}, tmp_path)
    assert found.status is Status.BROKEN and str(path) in found.what and found.remedy


def test_none_and_none_needed(tmp_path: Path) -> None:
    assert check({}, tmp_path).status is Status.NOTE


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        (Asked(0, "Credentials default\n", ""), Status.OK, "Credentials default"),
        (Asked(1, "", "DefaultCredentialsError"), Status.WARNING, "none"),
        (Asked(None, "", ""), Status.WARNING, "none"),
    ],
)
def test_a_machine_is_asked_only_where_it_matters(asked: Asked, status: Status, word: str, tmp_path: Path) -> None:
    found = check({}, tmp_path, needed=True, run=lambda command: asked)
    assert found.status is status and word in found.what


def test_another_server_needs_none(tmp_path: Path) -> None:
    assert check({"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"}, tmp_path, needed=True).status is Status.OK
