"""Options that many commands have."""

from typing import Annotated

import typer

User = Annotated[str, typer.Argument(metavar="USER")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing when all went well.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
