"""What the operator says about the provider, checked as the service starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.oidc.options import StaffClaim, parse_issuer, parse_staff_claim

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "issuer",
    [
        "https://idp.example",
        "https://idp.example/realms/main/",
        "http://127.0.0.1:9400",
        "http://localhost:9400",
        "http://[::1]:9400",
    ],
)
def test_a_good_issuer_is_kept_letter_by_letter(issuer: str) -> None:
    assert parse_issuer(issuer, debug=False) == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "idp.example",
        "http://idp.example",
        "ftp://idp.example",
        "https://",
        "https://[",
        "https://idp.example?a=b",
        "https://idp.example#a",
        "https://user:secret@idp.example",
        "https://idp.exämple",
        f"https://idp.example/{'a' * 200}",
    ],
)
def test_what_is_no_issuer_is_refused_with_its_settings_name(issuer: str) -> None:
    with pytest.raises(ValueError, match="OIDC_ISSUER ") as caught:
        parse_issuer(issuer, debug=False)
    assert "secret" not in str(caught.value)


def test_plain_http_is_taken_when_developing() -> None:
    assert parse_issuer("http://idp.lan", debug=True)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("groups=entrepot-staff", StaffClaim(("groups",), "entrepot-staff")),
        ("realm_access.roles=a=b", StaffClaim(("realm_access", "roles"), "a=b")),
        (" groups = a b ", StaffClaim(("groups",), "a b")),
    ],
)
def test_a_claim_is_a_path_and_a_value(text: str, claim: StaffClaim) -> None:
    assert parse_staff_claim(text) == claim


@pytest.mark.parametrize("text", ["", "groups", "=staff", "groups=", "a..b=c", ".=c"])
def test_what_is_no_claim_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="OIDC_STAFF_CLAIM"):
        parse_staff_claim(text)


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({"OIDC_ISSUER": "https://idp.example"}, "OIDC_AUDIENCE must be set"),
        ({"OIDC_ISSUER": "idp", "OIDC_AUDIENCE": "a"}, "OIDC_ISSUER must be"),
        ({"OIDC_STAFF_CLAIM": "staff"}, "OIDC_STAFF_CLAIM must be"),
    ],
)
def test_what_is_missing_or_wrong_stops_the_start_with_its_name(
    environment: dict[str, str], missing: str, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env={**os.environ, "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode != 0
    assert missing in run.stderr.splitlines()[-1]
