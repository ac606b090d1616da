"""The console's menu: each entry is shown to whoever may open its page."""

from dataclasses import dataclass

from services.kit.auth import Actor


@dataclass(frozen=True)
class MenuEntry:
    """A page in the menu. `key` names its text in `menu.*`."""

    key: str
    href: str
    scope: str


MENU = (
    MenuEntry("home", "/", ""),
    MenuEntry("dashboard", "/dashboard", "eligibility:decide"),
    MenuEntry("visits", "/visits", "eligibility:read"),
    MenuEntry("cases", "/cases", "people:read"),
    MenuEntry("screening", "/screening", "eligibility:read"),
    MenuEntry("calculator", "/calculator", "eligibility:read"),
    MenuEntry("programmes", "/programmes", "eligibility:read"),
    MenuEntry("policy", "/policy", "eligibility:decide"),
    MenuEntry("partner", "/partner", "partner:read"),
    MenuEntry("partners", "/partners", "referral:read"),
    MenuEntry("charity", "/charity", "charity:read"),
    MenuEntry("audit", "/audit", "audit:read"),
    MenuEntry("health", "/health", ""),
)


def menu_of(actor: Actor) -> list[MenuEntry]:
    """What the actor may open, in reading order."""
    return [entry for entry in MENU if not entry.scope or actor.may(entry.scope)]
