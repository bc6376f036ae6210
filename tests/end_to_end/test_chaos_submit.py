"""A small crash test of submissions: the worker, Rasa and PostgreSQL are killed."""

import pytest

from tests.chaos.submit import main

SEED = 2719  # Rasa and the worker at the first messages, PostgreSQL in the midst of the confirmations: two new starts


def test_no_complaint_is_lost_or_doubled_when_processes_are_killed(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--submissions", "12", "--citizens", "4", "--kills", "3", "--seed", str(SEED)])
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == "submitted 12 lost 0 doubled 0 chain ok", printed
    assert printed.count(" killed, after ") == 3, printed
    assert code == 0, printed
