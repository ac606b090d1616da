"""Run an assessment again as it was: the same facts under the rule book whose digest it names.

A book whose rule code is the code at hand runs in this process. One of another release runs by its own kept code, in a
process of its own that has neither this one's environment nor its connections.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.eligibility.actions.books import Kept, book_of, has_code_at_hand, kept_book
from services.eligibility.actions.check import check
from services.eligibility.errors import BookNotKept

_LONGEST_S: Final = 30.0
_ROOM: Final = "services/eligibility/rules"

# The kept package stands where its imports look for it; what it shares with other parts comes from the code at hand.
_STAND: Final = """
import sys, types
kept, here = sys.argv[1:3]
for name, places in (("services", [kept + "/services", here + "/services"]),
                     ("services.eligibility", [kept + "/services/eligibility"])):
    module = types.ModuleType(name)
    module.__path__ = places
    sys.modules[name] = module
import orjson
from services.eligibility.rules.book import RuleBook
book = RuleBook(layer=open(kept + "/layer", encoding="utf-8").read())
"""
_ASSESS: Final = """
from datetime import date
from services.eligibility.rules.assess import assess
from services.eligibility.rules.readers import event_of, facts_of, history_of
snapshot = orjson.loads(sys.stdin.buffer.read())
p = book.at(snapshot["county"], date.fromisoformat(snapshot["as_of"]))
answer = assess(facts_of(snapshot["household"]), p, book,
                event=event_of(snapshot["event"]), history=history_of(snapshot.get("history")))
sys.stdout.buffer.write(orjson.dumps(answer.to_json()))
"""


async def findings_again(db: AsyncSession, digest: str, facts: str) -> bytes:
    """The findings that stored facts give under the rule book of a digest, in the bytes in which they are stored.

    Raises: BookNotKept; UnreadableFacts.
    """
    return await run_again(await kept_book(db, digest), facts)


async def run_again(kept: Kept, facts: str) -> bytes:
    """As `findings_again`, under a book that was found already.

    Raises: BookNotKept; UnreadableFacts.
    """
    if has_code_at_hand(kept):
        return check(orjson.loads(facts), book_of(kept)).findings_text
    return await run_by_kept_code(kept, _ASSESS, facts.encode())


async def run_by_kept_code(kept: Kept, script: str, content: bytes) -> bytes:
    """What a script that finds `book` and `orjson` writes about `content`, run by the code that a book was kept with.

    Raises: BookNotKept when that code does not run any more.
    """
    with tempfile.TemporaryDirectory(prefix="yiqijiu-rule-book-") as folder:
        await asyncio.to_thread(_lay_out, Path(folder), kept)
        here = str(Path(__file__).resolve().parents[3])
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-B", "-c", _STAND + script, folder, here),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback could show facts
            env={"LANG": "C.UTF-8"},
            cwd=folder,
        )
        try:
            async with asyncio.timeout(_LONGEST_S):
                found, _ = await process.communicate(content)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise BookNotKept() from None
    if process.returncode != 0:
        raise BookNotKept()
    return found


def _lay_out(folder: Path, kept: Kept) -> None:
    home = (folder / _ROOM).resolve()
    for name, text in kept.texts.items():
        path = (home / name).resolve()
        if not path.is_relative_to(home):
            raise BookNotKept()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (folder / "layer").write_bytes(kept.layer.encode())
