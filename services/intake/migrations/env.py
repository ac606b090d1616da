"""Run by the kit, on its connection."""

from alembic import context

context.run_migrations()
