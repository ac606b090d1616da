"""A list of plugins, nothing else."""

pytest_plugins = ["tests.support.postgres", "tests.support.apps", "tests.support.broker", "tests.support.suite"]
