"""People as rows: numbers to blind indexes, personal fields to sealed text and back."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

import orjson

from services.intake.actions.work import home_of
from services.intake.records.identity import Identity
from services.intake.settings import Keys
from services.intake.store.people import PersonRow
from services.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Personal:
    """What is sealed of a person."""

    id_number: str | None
    name: str | None
    phone: str | None = None
    phone_is_usable: bool = False
    address: str | None = None


def index_of(identity: Identity, keys: Keys) -> bytes:
    """The blind index of a number: of the whole normalised number and the kind of paper."""
    return keys.index.of("person", identity.id_type, identity.id_number)


def indexes_of(identities: Iterable[Identity], keys: Keys) -> dict[Identity, bytes]:
    """The blind index of each number."""
    return {identity: index_of(identity, keys) for identity in identities}


def seal(personal: Personal, person_id: UUID, keys: Keys) -> bytes:
    """Ciphertext of the personal fields, bound to the person's row."""
    return keys.sealer.seal(orjson.dumps(asdict(personal)).decode(), f"person/sealed/{person_id}")


def unseal(row: PersonRow, keys: Keys) -> Personal:
    """The personal fields of a row.

    Raises: SealBroken when the ciphertext was changed or moved.
    """
    return Personal(**orjson.loads(keys.sealer.unseal(row.sealed, f"person/sealed/{row.id}")))


def new_person(
    personal: Personal,
    *,
    keys: Keys,
    division: str,
    identity: Identity | None,
    index: bytes | None,
    household_id: UUID | None = None,
    birth_date: date | None = None,
    gender: str | None = None,
    is_alias: bool = False,
) -> PersonRow:
    """A row for somebody new. Without an identity they get a temporary key and are never found by a number."""
    person_id = new_id()
    home = home_of(division)
    return PersonRow(
        id=person_id,
        division=home,
        registered_division=division,
        in_city=home == division,
        household_id=household_id or new_id(),
        provisional=household_id is None,
        id_index=index,
        id_type=identity.id_type if identity else "temporary_key",
        sealed=seal(personal, person_id, keys),
        birth_date=birth_date or (identity.birth_date if identity else None),
        gender=gender or (identity.gender if identity else None),
        is_alias=is_alias,
        is_deceased=False,
        care_version=0,
    )
