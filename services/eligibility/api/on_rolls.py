"""What a household receives by the rolls, as it is answered."""

from collections.abc import Collection
from uuid import UUID

from services.contracts.money import yuan
from services.eligibility.api.answers import CodedWords, OnRollOut, Words
from services.eligibility.api.places import place_name
from services.eligibility.api.screening_answers import programme_names
from services.eligibility.rules.screening.held import Holding, held_words


def on_rolls(holding: Holding, refused: Collection[str]) -> list[OnRollOut]:
    """The lines of rolls that name somebody of a household; `refused` are programmes the rules say no to."""
    names = programme_names()
    return [
        OnRollOut(
            programme=line.programme,
            name=Words(**names[line.programme]),
            person_ref=UUID(line.person_ref),
            division=line.division,
            place=place_name(line.division),
            since=line.since,
            until=line.until,
            monthly_amount=None if line.month_fen is None else yuan(line.month_fen),
            to_review=line.programme in refused,
            text=Words(**held_words(line, names, is_refused=line.programme in refused)),
        )
        for line in sorted(holding.lines, key=lambda line: (line.since, line.programme, line.person_ref))
        if line.programme in names
    ]


def held_programmes(holding: Holding) -> list[CodedWords]:
    """The programmes a household is on the roll of."""
    names = programme_names()
    return [CodedWords(code=code, **names[code]) for code in holding.first_days() if code in names]
