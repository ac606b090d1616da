"""The households every town begins with: three families of the source article under aliases, and one sure taker for
each partner, so that no partner is left without a referral however small the town."""

from deploy.local.town.members import Draft, Family, farming, pension, support, wage
from deploy.local.town.recipes import Recipe, elder_couple, left_behind, near_miss, union_worker


def widower(family: Family, bills: int) -> Draft:
    """A widower on the land, found on a visit: cancer, and he had told nobody."""
    patient = family.add("self", 58, "male", serious_illness=True, able_to_work=False, incomes=[farming(260)])
    return family.draft("widower", patient, financial="3200.00", medical="31800.00")


def sole_earner(family: Family, bills: int) -> Draft:
    """A family of four living on one wage, until a bill of a hundred thousand yuan."""
    patient = family.add("self", 45, "male", serious_illness=True, able_to_work=False)
    family.add("spouse", 43, "female", able_to_work=True, employment="flexible", incomes=[wage(1900)])
    family.add("child", 16, "male", student="senior_high")
    family.add("child", 12, "female", student="primary")
    return family.draft("sole_earner", patient, education="3600.00")


def mother_of_three(family: Family, bills: int) -> Draft:
    """Divorced, three children, just dismissed: she needs work she can walk to."""
    patient = family.add("self", 38, "female", union_member=True, incomes=[support(500)])
    family.add("child", 14, "female", student="junior_high")
    family.add("child", 9, "male", student="primary")
    family.add("child", 5, "male", student="preschool")
    return family.draft("mother_of_three", patient, financial="1500.00", education="2400.00")


def wheelchair(family: Family, bills: int) -> Draft:
    """A card holder of grade two with his mother on the land."""
    patient = family.add("self", 41, "male", disability={"kind": "physical", "grade": 2}, able_to_work=False)
    family.add("parent", 69, "female", employment="farming", incomes=[farming(420), pension(60)])
    return family.draft("wheelchair", patient, financial="2600.00", rehabilitation="2400.00")


STORIES: tuple[tuple[str, Recipe, int, str], ...] = (
    ("widower", widower, 0, "350602007003"),
    ("sole_earner", sole_earner, 100_000, "350622100"),
    ("mother_of_three", mother_of_three, 0, "350623112"),
    ("wheelchair", wheelchair, 0, "350604100"),
    ("union_worker", union_worker, 46_000, "350603"),
    ("near_miss", near_miss, 52_000, "350602"),
    ("elder_couple", elder_couple, 41_500, "350627"),
    ("left_behind", left_behind, 23_000, "350628"),
)
"""(name, recipe, the patient's bills in whole yuan or 0 for none, division they live in)."""
