"""The codes of the facts that are handed over as numbers: each stands for its place here."""

RELATIONS = ("self", "spouse", "child", "parent", "grandparent", "grandchild", "divorced_spouse", "sibling", "other")
PRESENCES = (
    *("present", "imprisoned", "compulsory_detox", "declared_missing", "deceased", "clergy"),
    *("in_other_household", "conscript"),
)
CUSTODIES = ("here", "elsewhere")
CARD_KINDS = ("", "visual", "hearing", "speech", "physical", "intellectual", "mental", "multiple")
BUSINESSES = ("none", "dormant", "active_sole", "active_company")
HOUSINGS = ("safe", "dangerous", "crowded", "none")
SEVERITIES = ("none", "light", "medium", "severe")
