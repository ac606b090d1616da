"""Public figures: cells so small that somebody could be recognised are merged into others. Pure.

Source: 慈善法 (openness of programmes and of donations received and used; privacy of beneficiaries); the least number
of people is a policy value.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Cell:
    """Help in one month, county and brand. `people` counts households, `times` awards. Units: fen.

    After merging, `division`, `brand` and `month` may be "other". `amount_fen` is None where even everything together
    is too few.
    """

    month: str
    division: str
    brand: str
    people: int
    times: int
    amount_fen: int | None


OTHER = "other"


def merge_small(cells: Iterable[Cell], *, least: int) -> list[Cell]:
    """Merge until no cell has fewer than `least` people: counties of a brand and month first, then brands, then months.

    Within a group the small cells join into "other"; when that is still too small, it takes the next smallest in, so
    that nobody finds it by subtraction. What is too few altogether is told without numbers (people and times 0,
    amount None).
    """
    merged = list(cells)
    steps: list[tuple[Callable[[Cell], object], dict[str, str]]] = [
        (lambda cell: (cell.month, cell.brand), {"division": OTHER}),
        (lambda cell: cell.month, {"division": OTHER, "brand": OTHER}),
        (lambda cell: None, {"division": OTHER, "brand": OTHER, "month": OTHER}),
    ]
    for group_of, blank in steps:
        groups: dict[object, list[Cell]] = {}
        for cell in merged:
            groups.setdefault(group_of(cell), []).append(cell)
        merged = [cell for group in groups.values() for cell in _merge_group(group, blank, least)]
    merged = [cell if cell.people >= least else replace(cell, people=0, times=0, amount_fen=None) for cell in merged]
    return sorted(merged, key=lambda cell: (cell.month, cell.brand, cell.division))


def _merge_group(group: list[Cell], blank: dict[str, str], least: int) -> list[Cell]:
    small = [cell for cell in group if cell.people < least]
    if not small or len(group) == 1:
        return group
    large = sorted(
        (cell for cell in group if cell.people >= least), key=lambda cell: (cell.people, cell.division, cell.brand)
    )
    joined = list(small)
    while large and (sum(cell.people for cell in joined) < least or len(joined) < 2):
        joined.append(large.pop(0))
    one = replace(
        joined[0],
        people=sum(cell.people for cell in joined),
        times=sum(cell.times for cell in joined),
        amount_fen=sum(cell.amount_fen or 0 for cell in joined),
        **blank,
    )
    return [*large, one]
