"""A taken port: who holds it, and what to do."""

import os
import socket
from collections.abc import Iterator

import pytest

from assembly import ports
from assembly.ports import PortTaken, require_free
from kit.errors import SetupError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_the_sentence_names_holder_port_and_setting(taken: int) -> None:
    with pytest.raises(PortTaken) as caught:
        require_free("127.0.0.1", taken, "RASA_PORT", "Rasa")
    for words in (str(taken), f"tiến trình {os.getpid()}", "RASA_PORT", ".env"):
        assert words in caught.value.message


def test_a_port_taken_on_loopback_is_taken_for_all_addresses(taken: int) -> None:
    assert not ports.is_free("0.0.0.0", taken)


def test_a_port_is_free_as_soon_as_its_server_is_gone(taken: int) -> None:
    client = socket.create_connection(("127.0.0.1", taken))
    client.close()
    free = ports.free_port()
    assert free != taken
    require_free("127.0.0.1", free, "PORT", "trang web")
    assert ports.holder(free) is None


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(SetupError, match="HOST"):
        ports.is_free("203.0.113.1", 8000)
