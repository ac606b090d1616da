"""What eligibility needs to run: nothing beyond what every part does."""

from services.kit.settings import PartSettings


class EligibilitySettings(PartSettings):
    """Settings of the eligibility service. It holds no personal field and so no key of its own."""
