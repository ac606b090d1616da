"""Benchmarks: each figure beside the floor of its parts, measured in the same run on the same machine."""

from deploy.local.bench.run import main

__all__ = ["main"]
