"""Reading parsed JSON field by field: types checked, each wrong field named, nothing coerced."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.contracts.money import UnreadableAmount, parse_yuan
from services.intake.records.hospital_body import amount_text
from services.intake.records.issues import Notes
from services.intake.records.text_cells import read_name, read_narrative, read_phone, read_text

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(
    rf"{_DAY.pattern}[Tt ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})",
    re.ASCII,
)


class Fields:
    """One JSON object under a path. Each getter answers None when absent or wrong; `notes` knows which."""

    def __init__(self, values: Mapping[str, Any], path: str, notes: Notes) -> None:
        self.values = values
        self.path = path
        self.notes = notes

    def at(self, name: str) -> str:
        """The full path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def only(self, allowed: Iterable[str]) -> None:
        """Refuse fields that are not among the allowed ones. A name that is no plain word is not repeated."""
        for name in set(self.values) - set(allowed):
            self.notes.add("FIELD_UNKNOWN", self.at(name) if _NAME.fullmatch(name) else self.path or None)

    def raw(self, name: str, kind: type | tuple[type, ...], *, needed: bool = False) -> Any:
        """The value if it is of a type (bool is no int), None if absent."""
        value = self.values.get(name)
        if value is None:
            if needed:
                self.notes.add("FIELD_MISSING", self.at(name))
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            self.notes.add("FIELD_TYPE", self.at(name))
            return None
        return value

    def text(self, name: str, *, needed: bool = False, most: int | None = None, strict: bool = True) -> str | None:
        """A text on one line."""
        value = self.raw(name, str, needed=needed)
        if value is None:
            return None
        return read_text(value, field=self.at(name), notes=self.notes, needed=needed, most=most, strict=strict)

    def narrative(self, name: str) -> str | None:
        """A text of several lines."""
        value = self.raw(name, str)
        return None if value is None else read_narrative(value, field=self.at(name), notes=self.notes)

    def name(self, name: str, *, needed: bool = False) -> str | None:
        """A person's name."""
        value = self.raw(name, str, needed=needed)
        return None if value is None else read_name(value, field=self.at(name), notes=self.notes, strict=True)

    def phone(self, name: str) -> tuple[str | None, bool]:
        """A phone number and whether it can be dialled."""
        value = self.raw(name, str)
        return (None, False) if value is None else read_phone(value, field=self.at(name), notes=self.notes)

    def choice(
        self, name: str, allowed: Iterable[str], *, needed: bool = False, default: str | None = None
    ) -> str | None:
        """One of some codes."""
        value = self.raw(name, str, needed=needed)
        if value is None:
            return default
        if value not in allowed:
            self.notes.add("FIELD_CHOICE", self.at(name))
            return None
        return str(value)

    def flag(self, name: str, *, needed: bool = False, default: bool | None = None) -> bool | None:
        """true or false."""
        value = self.raw(name, bool, needed=needed)
        return default if value is None else bool(value)

    def whole(self, name: str, least: int, most: int, *, needed: bool = False) -> int | None:
        """A whole number within bounds."""
        value = self.raw(name, int, needed=needed)
        if value is not None and not least <= value <= most:
            self.notes.add("FIELD_RANGE", self.at(name))
            return None
        return None if value is None else int(value)

    def day(self, name: str, *, needed: bool = False) -> date | None:
        """A date written YYYY-MM-DD."""
        value = self.values.get(name)
        if type(value) is date:
            return value
        value = self.raw(name, str, needed=needed)
        if value is None:
            return None
        if not _DAY.fullmatch(value):
            self.notes.add("DATE_TEXT", self.at(name))
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.notes.add("DATE_UNREAL", self.at(name))
            return None

    def moment(self, name: str, *, needed: bool = False) -> datetime | None:
        """An RFC 3339 moment with its offset."""
        value = self.raw(name, str, needed=needed)
        if value is None:
            return None
        try:
            if _MOMENT.fullmatch(value):
                return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
        self.notes.add("DATE_TEXT", self.at(name))
        return None

    def fen(self, name: str, *, needed: bool = False) -> int | None:
        """An amount in yuan that is not negative, as fen."""
        value = self.values.get(name)
        if value is None:
            if needed:
                self.notes.add("FIELD_MISSING", self.at(name))
            return None
        try:
            fen = parse_yuan(amount_text(value))
        except UnreadableAmount:
            self.notes.add("AMOUNT_TEXT", self.at(name))
            return None
        if fen < 0:
            self.notes.add("FIELD_RANGE", self.at(name))
            return None
        return fen

    def inner(self, name: str, *, needed: bool = False) -> "Fields | None":
        """An object inside this one."""
        value = self.raw(name, Mapping, needed=needed)
        return None if value is None else Fields(value, self.at(name), self.notes)

    def many(self, name: str, *, needed: bool = False, most: int = 100) -> "list[Fields] | None":
        """A list of objects inside this one."""
        value: Sequence[Any] | None = self.raw(name, list, needed=needed)
        if value is None:
            return None
        if len(value) > most:
            self.notes.add("FIELD_RANGE", self.at(name))
            return None
        found = []
        for index, item in enumerate(value):
            path = f"{self.at(name)}[{index}]"
            if isinstance(item, Mapping):
                found.append(Fields(item, path, self.notes))
            else:
                self.notes.add("FIELD_TYPE", path)
        return found

    def texts(self, name: str, *, most: int = 50, longest: int = 200) -> tuple[str, ...]:
        """A list of short texts."""
        value: Sequence[Any] = self.raw(name, list) or ()
        if len(value) > most or any(not isinstance(item, str) or len(item) > longest for item in value):
            self.notes.add("FIELD_TYPE", self.at(name))
            return ()
        return tuple(
            text
            for index, item in enumerate(value)
            if (text := read_text(item, field=f"{self.at(name)}[{index}]", notes=self.notes, strict=True))
        )
