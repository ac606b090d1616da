"""The directory of partners and bureaux: a YAML file for each partner, one for the bureaux. An eighth is a file.

Names, needs served, fields allowed, reply times and working hours are the partners' own; none of them is in Python.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.contracts.workdays import WorkCalendar
from services.kit.clock import shanghai_date

_HERE = Path(__file__).parent

Mode = Literal["auto", "confirm"]
"""`auto`: leaves as soon as it may. `confirm`: waits for an officer's confirmation besides."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Row):
    """A text in both languages."""

    zh: str
    en: str


class Source(_Row):
    """Where a row's figures come from."""

    title: str
    note: str = ""


class Ages(_Row):
    """Whom a partner is for, in completed years, both ends included."""

    from_: int = Field(alias="from")
    to: int


class Reply(_Row):
    """Within which time an answer is due: working days, or hours that run through holidays."""

    working_days: int | None = Field(default=None, ge=1)
    hours: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.working_days is None) == (self.hours is None):
            raise ValueError("a reply time is in working days or in hours")
        return self

    def due_on(self, now: datetime, calendar: WorkCalendar) -> date:
        """The last Shanghai day on which an answer is in time; hours count to the day they end on."""
        if self.working_days is not None:
            return calendar.after(shanghai_date(now), self.working_days).on
        assert self.hours is not None
        return shanghai_date(now + timedelta(hours=self.hours))


class Service(_Row):
    """What one partner does about one need, and what it may know of the person for it."""

    mode: Mode = "auto"
    reply: Reply
    takes_rerouted: bool = True
    fields: tuple[str, ...]
    minor_fields: tuple[str, ...] | None = None


class Party(_Row):
    """A partner or a bureau. A bureau takes any need by statutory duty; its `near_miss` is never set."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    name: Words
    does: Words | None = None
    bureau: bool = False
    ages: Ages | None = None
    hours: tuple[tuple[time, time], ...]
    needs: dict[str, Service] = {}
    any_need: Service | None = None
    near_miss: Service | None = None
    takes_near_miss: bool = False
    takes_unmet: bool = False
    illustrative: bool = False
    source: Source

    @model_validator(mode="after")
    def _hours_run_forward(self) -> Self:
        if any(start >= end for start, end in self.hours):
            raise ValueError("working hours must end after they begin")
        if self.takes_near_miss != (self.near_miss is not None):
            raise ValueError("takes_near_miss and near_miss go together")
        return self

    def service(self, need: str, *, near_miss: bool = False) -> Service | None:
        """What it does about a need; None when it does not serve it."""
        if near_miss:
            return self.near_miss
        return self.needs.get(need) or self.any_need

    def suits(self, age: int | None) -> bool:
        """Whether somebody of this age is one whom it is for; an unknown age suits."""
        return age is None or self.ages is None or self.ages.from_ <= age <= self.ages.to


class Rules(_Row):
    """Figures that hold for every partner."""

    illustrative: bool
    source: Source
    repeat_after_days: int
    outcome_working_days: int


class PartnerDirectory:
    """Every partner and bureau by its code, in the order of their files."""

    def __init__(
        self,
        parties: Iterable[Party],
        rules: Rules,
        *,
        needs: dict[str, Words],
        reasons: dict[str, Words],
        fields: dict[str, dict[str, str]],
    ) -> None:
        """Raises: ValueError when a code appears twice, or a field or need is not in its list."""
        self.rules = rules
        self.needs = needs
        self.reasons = reasons
        self.fields = fields
        self._parties: dict[str, Party] = {}
        for party in parties:
            if party.code in self._parties:
                raise ValueError(f"{party.code} appears twice in the directory")
            self._check(party)
            self._parties[party.code] = party

    def _check(self, party: Party) -> None:
        services = [*party.needs.values(), *filter(None, (party.any_need, party.near_miss))]
        named = {name for service in services for name in (*service.fields, *(service.minor_fields or ()))}
        if named - self.fields.keys() or party.needs.keys() - self.needs.keys():
            raise ValueError(f"{party.code} names a field or a need that is in no list")

    def get(self, code: str) -> Party | None:
        """The partner or bureau of a code, or None."""
        return self._parties.get(code)

    def __getitem__(self, code: str) -> Party:
        return self._parties[code]

    def partners(self) -> tuple[Party, ...]:
        """The partners, bureaux left out."""
        return tuple(party for party in self._parties.values() if not party.bureau)

    def bureaux(self) -> tuple[Party, ...]:
        """The bureaux."""
        return tuple(party for party in self._parties.values() if party.bureau)

    def takes_unmet(self) -> Party | None:
        """The partner on whose consent a need nobody took is handed to the charity side; None when there is none."""
        return next((party for party in self.partners() if party.takes_unmet), None)

    def second_choices(self, need: str, age: int | None) -> tuple[Party, ...]:
        """Partners that may be asked for a need which those named by routing did not take."""
        return tuple(
            party
            for party in self.partners()
            if need in party.needs and party.needs[need].takes_rerouted and party.suits(age)
        )

    def need_name(self, need: str) -> Words:
        """A need's name; its code when it has none."""
        return self.needs.get(need) or Words(zh=need, en=need)


def load_directory(folder: Path = _HERE) -> PartnerDirectory:
    """Read a folder with `data/*.yaml`, `rules.yaml`, `needs.yaml`, `reasons.yaml` and `fields.yaml`.

    Raises: ValueError naming the partner (pydantic's ValidationError is one), OSError.
    """
    parties: list[Party] = []
    for path in sorted((folder / "data").glob("*.yaml")):
        row = _read(path)
        parties += _bureaux(row) if "bureaux" in row else [Party.model_validate(row)]
    rules = Rules.model_validate(_read(folder / "rules.yaml"))
    return PartnerDirectory(
        parties,
        rules,
        needs=_words(folder / "needs.yaml"),
        reasons=_words(folder / "reasons.yaml"),
        fields=_read(folder / "fields.yaml"),
    )


def _words(path: Path) -> dict[str, Words]:
    return {code: Words.model_validate(words) for code, words in _read(path).items()}


def _bureaux(rows: dict[str, Any]) -> list[Party]:
    shared = {key: value for key, value in rows.items() if key != "bureaux"}
    return [
        Party.model_validate(
            shared
            | {"code": code, "bureau": True, "name": row["name"]}
            | {"any_need": {key: value for key, value in row.items() if key != "name"}}
        )
        for code, row in rows["bureaux"].items()
    ]


def _read(path: Path) -> dict[str, Any]:
    answer = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(answer, dict)
    return answer


@cache
def directory() -> PartnerDirectory:
    """The directory beside this reader, read once."""
    return load_directory()
