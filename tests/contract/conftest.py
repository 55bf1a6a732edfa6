"""The contract suite also drives whole commands."""

from tests.cli.conftest import shell

__all__ = ["shell"]
