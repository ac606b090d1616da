"""Which fields of a person one partner may see for one need. Pure.

Source: domain of the partners, minimal data; PIPL Art 6 (least data), Art 31 (children).
"""

from services.referral.partners.directory import Party

_UNSAFE = {"contact": "safe_contact", "guardian_contact": "safe_contact"}
_CHILD = {"name": "alias", "given_name": "alias", "contact": "guardian_contact"}


def allowed_fields(
    party: Party, need: str, *, near_miss: bool = False, is_minor: bool = False, safe_to_call: bool = True
) -> tuple[str, ...]:
    """Names of the fields, in the partner's order, none twice; empty when the partner does not serve the need.

    A child appears under an alias and is reached through a guardian, except to an organ of state. Where calling may
    endanger somebody, only the safe contact is given, and no address to a partner.
    """
    service = party.service(need, near_miss=near_miss)
    if service is None:
        return ()
    names = service.minor_fields if is_minor and service.minor_fields is not None else service.fields
    if is_minor and not party.bureau:
        names = tuple(_CHILD.get(name, name) for name in names)
    if not safe_to_call:
        names = tuple(_UNSAFE.get(name, name) for name in names if party.bureau or name != "address")
    return tuple(dict.fromkeys(names))
