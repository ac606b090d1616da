"""What the command line says when it will not or cannot go on: one sentence, a code, and what to do."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

FOUND_PROBLEMS = 1
WRONG_USAGE = 2
REJECTED_ROWS = 3
INTERRUPTED = 130
REFUSED_CONFIGURATION = 78
"""Exit statuses, besides 0 for done."""


@dataclass(frozen=True)
class Words:
    """The same sentence in Chinese and in English."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        """The sentence in `language`, "zh" or "en"."""
        return self.en if language == "en" else self.zh


@dataclass(eq=False)
class Refusal(Exception):
    """A start or a command that ends here, told so that a reader knows what to do next. Never holds a secret."""

    code: str
    what: Words
    remedy: Words
    status: int = REFUSED_CONFIGURATION
    details: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return f"{self.what.en} [{self.code}] {self.remedy.en}"

    def lines(self, language: str) -> list[str]:
        """What to print, line by line."""
        head, then = ("Error", "What to do: ") if language == "en" else ("错误", "怎么办：")
        first = f"{head} [{self.code}] {self.what.say(language)}"
        return [first, *(f"  {line}" for line in self.details), f"{then}{self.remedy.say(language)}"]


def language_of(environ: Mapping[str, str] | None = None) -> str:
    """ "en" where the locale says English, else "zh"."""
    env = os.environ if environ is None else environ
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "en" if locale.lower().startswith("en") else "zh"
