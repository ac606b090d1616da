"""Alembic's entry; the kit sets everything up."""

from alembic import context

context.run_migrations()
