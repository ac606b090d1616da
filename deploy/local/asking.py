"""Asking the running suite through its gateway, for commands that follow a long piece of work."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from deploy.local.access import Access
from deploy.local.bar import Bar
from deploy.local.refusal import FOUND_PROBLEMS, Refusal, Words
from deploy.local.terminal import say

_LOOK_S = 0.3
Json = dict[str, Any]  # Any: JSON


class Asker:
    """An operator's client of this machine's gateway. Use it with `with`."""

    def __init__(self, access: Access) -> None:
        headers = {"Authorization": f"Bearer {access.token}"}
        self._http = httpx.Client(base_url=access.url, headers=headers, timeout=60, trust_env=False)

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """One request. Raises: Refusal with the gateway's own words."""
        answer = self._http.request(method, path, json=body)
        if not answer.is_success:
            raise refused(answer)
        held: Json = answer.json()
        return held

    def follow(self, path: str, title: Words, *, busy: tuple[str, ...], on_break: Callable[[], None]) -> Json:
        """Look until the state is none of `busy`, with a bar. `on_break` is called when somebody presses Ctrl-C."""
        with Bar(say(title.zh, title.en)) as bar:
            try:
                while True:
                    state = self.ask("GET", path)
                    bar.show(state["progress"]["households_done"], state["progress"]["households_total"])
                    if state["state"] not in busy:
                        return state
                    time.sleep(_LOOK_S)
            except KeyboardInterrupt:
                on_break()
                raise


_AGAIN = Words("改正后重新运行。", "Mend it and run this again.")


def refused(answer: httpx.Response, way_out: Words = _AGAIN) -> Refusal:
    """A refusal in the gateway's words."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    message = problem.get("message", {})
    details = [
        say(f"{row['field']}：{row['message']['zh']}", f"{row['field']}: {row['message']['en']}")
        for row in problem.get("errors", ())
    ]
    return Refusal(
        problem.get("code", f"http_{answer.status_code}"),
        Words(message.get("zh", "请求未被接受。"), message.get("en", "The request was not taken.")),
        way_out,
        status=FOUND_PROBLEMS,
        details=tuple(details),
    )
