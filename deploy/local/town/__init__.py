"""An invented town: households, consents, hospital bills and grid reports, the same for the same seed.

Nobody in it can be a living person: sequences of ID numbers are 996 to 999, phones begin 1540000, hospitals are called
示例 and house numbers are beyond 9000. Villages and their codes are real. A town of more records begins with the
smaller one.
"""

from deploy.local.town.build import Story, Town, TownHousehold, make_town

__all__ = ["Story", "Town", "TownHousehold", "make_town"]
