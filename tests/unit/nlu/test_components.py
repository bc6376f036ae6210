"""Runs the checks of the NLU components where they live: in Rasa's interpreter."""

import re
import subprocess

from assembly.training import RASA_PYTHON, rasa_environment
from kit.settings import ROOT


def test_components_hold_in_rasas_interpreter() -> None:
    command = [str(RASA_PYTHON), "-W", "ignore", "-m", "tests.unit.nlu.checks"]
    done = subprocess.run(
        command, cwd=ROOT, env=rasa_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ran = re.search(r"Ran (\d+) tests", done.stderr)
    assert ran is not None
    assert int(ran[1]) >= 20
