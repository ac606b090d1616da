"""How the command line speaks: results on stdout, everything else on stderr, in the reader's language."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from deploy.local.refusal import Refusal, Words, language_of

if TYPE_CHECKING:
    from rich.console import Console

_PIPED_WIDTH = 100


def is_plain(stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Whether bars, colours and spinners are out of place: no terminal, NO_COLOR, or CI."""
    env = os.environ if environ is None else environ
    return not stream.isatty() or bool(env.get("NO_COLOR")) or bool(env.get("CI")) or env.get("TERM") == "dumb"


def console(stream: TextIO | None = None) -> "Console":
    """A rich console for stdout, or for the stream given. Piped text gets a fixed width: rich would wrap at 80."""
    from rich.console import Console

    stream = stream or sys.stdout
    plain = is_plain(stream)
    return Console(
        file=stream, no_color=plain, highlight=False, width=None if stream.isatty() else _PIPED_WIDTH, soft_wrap=plain
    )


def say(zh: str, en: str) -> str:
    """The sentence in the reader's language."""
    return Words(zh, en).say(language_of())


def tell(zh: str, en: str) -> None:
    """A line on stderr: progress, advice."""
    print(say(zh, en), file=sys.stderr, flush=True)


def tell_refusal(refusal: Refusal) -> int:
    """Print a refusal on stderr. Answers the exit status."""
    print("\n".join(refusal.lines(language_of())), file=sys.stderr, flush=True)
    return refusal.status
