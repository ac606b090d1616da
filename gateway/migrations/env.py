"""What alembic runs: the kit has configured everything."""

from alembic import context

context.run_migrations()
