"""Alembic runs this inside the connection that the kit opened."""

from alembic import context

context.run_migrations()
