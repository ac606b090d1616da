"""Intake in the test's own process, on a fresh database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.intake.actions.import_runs import run_until_idle
from services.intake.worker import runner_of
from tests.support.apps import PartUnderTest, Starter, secret_key


@pytest.fixture
async def intake(start_part: Starter) -> AsyncIterator[PartUnderTest]:
    """The part, its loops not running."""
    part: PartUnderTest = await start_part("intake", seal_key=secret_key(), index_key=secret_key())
    yield part


@pytest.fixture
def run_imports(intake: PartUnderTest) -> Any:
    """Do what the import loop would."""

    async def run() -> None:
        await run_until_idle(runner_of(intake.app))

    return run
