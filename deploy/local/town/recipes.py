"""Kinds of households the town is made of. Each recipe makes one, given what its patient's bills come to.

`RECIPES` weighs them so that about half of the registered households need nobody's help: a bill is no hardship by
itself. Figures are invented; they lie around the lines the rule book draws, so that every answer occurs.
"""

import random
from collections.abc import Callable

from deploy.local.town.members import Draft, Family, farming, pension, support, wage

Recipe = Callable[[Family, int], Draft]
"""Takes (family, the patient's bills in whole yuan)."""


def comfortable(family: Family, bills: int) -> Draft:
    """Two good wages and savings: whatever the bill, no aid."""
    rng = family.rng
    patient = family.add("self", rng.randint(34, 55), "male", employment="employed", incomes=[wage(9000 + bills // 6)])
    family.add("spouse", rng.randint(32, 52), "female", employment="employed", incomes=[wage(rng.randint(9000, 12000))])
    family.add("child", rng.randint(7, 12), rng.choice(("female", "male")), student="primary")
    car = {"kind": "car", "value": f"{rng.randint(90, 180)}000.00", "exempt": False}
    return family.draft("comfortable", patient, financial=f"{rng.randint(250, 600)}000.00", vehicles=[car])


def pensioners(family: Family, bills: int) -> Draft:
    """An old couple on two city pensions with savings: no aid either."""
    rng = family.rng
    patient = family.add(
        "self", rng.randint(66, 82), "male", employment="retired", incomes=[pension(5200 + bills // 8)]
    )
    family.add(
        "spouse", rng.randint(64, 79), "female", employment="retired", incomes=[pension(rng.randint(4300, 5200))]
    )
    return family.draft("pensioners", patient, financial=f"{rng.randint(180, 420)}000.00")


def near_miss(family: Family, bills: int) -> Draft:
    """Income a little above the margin line after the bills are deducted, everything else in order."""
    rng = family.rng
    monthly = round((4140 + rng.randint(0, 200) + bills / 12) / 0.8)
    patient = family.add("self", rng.randint(36, 54), "male", employment="employed", incomes=[wage(monthly)])
    family.add("spouse", rng.randint(34, 50), "female", able_to_work=False)
    family.add("child", rng.randint(2, 5), "female", student="none")
    return family.draft("near_miss", patient, financial="30000.00")


def sole_earner_ill(family: Family, bills: int) -> Draft:
    """The only wage ended with the illness; children at school and an old mother at home."""
    rng = family.rng
    patient = family.add("self", rng.randint(38, 52), "male", serious_illness=True, able_to_work=False)
    family.add("spouse", rng.randint(36, 49), "female", employment="flexible", incomes=[wage(rng.randint(1500, 2400))])
    family.add("child", rng.randint(13, 15), "male", student="junior_high")
    family.add("child", rng.randint(7, 11), "female", student="primary")
    family.add("parent", rng.randint(70, 79), "female", incomes=[pension(70)])
    return family.draft("sole_earner_ill", patient, financial=f"{rng.randint(3, 12)}000.00", education="4200.00")


def lone_mother(family: Family, bills: int) -> Draft:
    """Divorced, two or three children, one small wage and what the father pays."""
    rng = family.rng
    patient = family.add(
        "self", rng.randint(31, 44), "female", employment="flexible", incomes=[wage(2045), support(500)]
    )
    for low, high, student in ((12, 14, "junior_high"), (7, 10, "primary"), (3, 5, "preschool"))[rng.randint(0, 1) :]:
        family.add("child", rng.randint(low, high), rng.choice(("female", "male")), student=student)
    return family.draft("lone_mother", patient, financial="3000.00", education="2600.00")


def card_holder(family: Family, bills: int) -> Draft:
    """A grown-up child with a disability card and an old mother on the land."""
    rng = family.rng
    patient = family.add(
        "self",
        rng.randint(35, 55),
        rng.choice(("female", "male")),
        disability={"kind": rng.choice(("physical", "visual", "hearing")), "grade": rng.choice((1, 2, 2, 3))},
        able_to_work=False,
    )
    family.add("parent", rng.randint(68, 80), "female", employment="farming", incomes=[farming(rng.randint(300, 700))])
    return family.draft("card_holder", patient, financial="4000.00", rehabilitation="1800.00")


def student_family(family: Family, bills: int) -> Draft:
    """One wage, a field, a child at senior high school and one at primary school."""
    rng = family.rng
    patient = family.add("self", rng.randint(39, 50), "female", employment="farming", incomes=[farming(600)])
    family.add("spouse", rng.randint(41, 53), "male", employment="employed", incomes=[wage(rng.randint(3300, 3900))])
    family.add("child", rng.randint(16, 17), rng.choice(("female", "male")), student="senior_high")
    family.add("child", rng.randint(8, 11), rng.choice(("female", "male")), student="primary")
    return family.draft("student_family", patient, financial="12000.00", education="5600.00")


def union_worker(family: Family, bills: int) -> Draft:
    """A union member whose wage fell, with a spouse out of work and a child in vocational school."""
    rng = family.rng
    patient = family.add(
        "self", rng.randint(40, 54), "male", employment="employed", union_member=True, incomes=[wage(2400)]
    )
    family.add("spouse", rng.randint(38, 52), "female", union_member=rng.random() < 0.5)
    family.add("child", rng.randint(16, 17), "male", student="vocational")
    return family.draft("union_worker", patient, financial="6000.00", education="3000.00")


def elder_alone(family: Family, bills: int) -> Draft:
    """Over seventy, alone, whose only child is able to give nothing."""
    rng = family.rng
    patient = family.add(
        "self",
        rng.randint(72, 86),
        rng.choice(("female", "male")),
        incomes=[pension(60), {"kind": "transfer", "item": "central_basic_pension", "monthly": "143.00"}],
        obligors=[{"relation": "child", "able": False}],
        self_care_failed_items=rng.randint(0, 3),
    )
    return family.draft("elder_alone", patient, financial="2000.00")


def elder_couple(family: Family, bills: int) -> Draft:
    """An old couple on the land in a house that is not safe."""
    rng = family.rng
    patient = family.add("self", rng.randint(70, 81), "male", employment="farming", incomes=[farming(500), pension(60)])
    family.add("spouse", rng.randint(67, 78), "female", incomes=[pension(60)])
    return family.draft("elder_couple", patient, financial="8000.00", housing=rng.choice(("safe", "dangerous")))


def working_family(family: Family, bills: int) -> Draft:
    """Two wages that carry four people until a large bill comes; too much saved for a lasting aid."""
    rng = family.rng
    patient = family.add(
        "self", rng.randint(36, 50), "male", employment="employed", incomes=[wage(rng.randint(4800, 5600))]
    )
    family.add("spouse", rng.randint(34, 48), "female", employment="flexible", incomes=[wage(rng.randint(2600, 3200))])
    family.add("child", rng.randint(13, 15), "female", student="junior_high")
    family.add("parent", rng.randint(66, 75), "male", employment="farming", incomes=[farming(200), pension(60)])
    return family.draft("working_family", patient, financial=f"{rng.randint(90, 125)}000.00", education="3800.00")


def left_behind(family: Family, bills: int) -> Draft:
    """Grandparents with a grandchild whose parents work in another city."""
    rng = family.rng
    patient = family.add("self", rng.randint(62, 71), "male", employment="farming", incomes=[farming(600)])
    family.add("spouse", rng.randint(60, 69), "female", incomes=[pension(60)])
    family.add("grandchild", rng.randint(7, 11), rng.choice(("female", "male")), student="primary", left_behind=True)
    return family.draft("left_behind", patient, financial="5000.00", education="900.00")


RECIPES: tuple[tuple[Recipe, int], ...] = (
    (comfortable, 30),
    (pensioners, 22),
    (near_miss, 6),
    (sole_earner_ill, 6),
    (lone_mother, 5),
    (card_holder, 5),
    (student_family, 5),
    (union_worker, 5),
    (elder_alone, 4),
    (elder_couple, 4),
    (working_family, 5),
    (left_behind, 3),
)
"""Every recipe with its weight among registered households."""


def draw(rng: random.Random) -> Recipe:
    """A recipe by weight."""
    recipes, weights = zip(*RECIPES, strict=True)
    chosen: Recipe = rng.choices(recipes, weights)[0]
    return chosen
