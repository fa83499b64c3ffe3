"""What a user may say about a server, and how mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from replgym.kernels import BackendOptions, BackendOptionsError, make_backend
from replgym.kernels.gateway.gateway_options import GatewayOptions

SECRET = "very-secret"


@pytest.mark.parametrize(
    ("gateway", "message"),
    [
        ({"token": SECRET}, r"^gateway\.url: Field required"),
        (
            {"url": "localhost:8888", "token": SECRET},
            r"gateway\.url='localhost:8888': .*http://localhost:8888",
        ),
        ({"url": "http://h", "orphan_timeout": 1}, r"gateway\.orphan_timeout=1"),
        ({"url": "http://h", "verify": "/no/such/file"}, r"gateway\.verify=.*no such file"),
        ({"url": "http://h", "kernel": "python3"}, r"gateway\.kernel="),
    ],
)
def test_mistakes_name_the_field_and_no_secret(gateway: dict[str, Any], message: str) -> None:
    with pytest.raises(BackendOptionsError, match=message) as caught:
        BackendOptions(gateway=gateway)
    assert SECRET not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    options = GatewayOptions(url="http://h", token=SECRET, headers={"X-Key": SECRET})  # type: ignore[arg-type]
    assert SECRET not in f"{options!r} {options} {options.model_dump_json()}"


def test_the_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLGYM_GATEWAY_TOKEN", SECRET)
    assert GatewayOptions(url="http://h").token.get_secret_value() == SECRET


def test_a_server_must_be_named() -> None:
    with pytest.raises(BackendOptionsError, match="gateway=None: name the server"):
        make_backend("gateway")


def test_isolation_is_not_ours_to_choose() -> None:
    options = BackendOptions(gateway={"url": "http://h"}, isolation="limits")
    with pytest.raises(BackendOptionsError, match="isolation='limits': that of a server's kernels is set on"):
        make_backend("gateway", options)
