"""`./yiqijiu test`: the test suite; all arguments go to pytest."""

import os
import subprocess
import sys
from collections.abc import Sequence

from deploy.local.parts import ROOT


def main(arguments: Sequence[str]) -> int:
    """Run pytest in the checkout. Paths in the arguments are as seen from the checkout."""
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=os.environ).returncode
