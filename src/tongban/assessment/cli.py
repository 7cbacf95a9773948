"""The command `tongban assess`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tongban.indices import Assessment

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SHOWN_PROBLEMS = 30


def _list(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from tongban.assessment.library import shipped

    for name, titles in shipped().items():
        click.echo(f"{name:<30}{titles.get('en', '')} {titles.get('zh', '')}")
    context.exit()


class Assess(click.Command):
    """The command over a table; `live`, `recompute` and `tally` as its first word are others."""

    others: Mapping[str, click.Command] = {}

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        other = self.others.get(args[0]) if args else None
        if other is None:
            return super().make_context(info_name, args, parent, **extra)
        return other.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Also"):
            formatter.write_dl(
                [
                    (f"assess {name}", one.get_short_help_str(70))
                    for name, one in self.others.items()
                ]
            )


def assess_command(prepare: Callable[[], None]) -> click.Command:
    """The command. `prepare` sets up Django; it is called only for a report, whose texts need it."""

    @click.command("assess", cls=Assess)
    @click.argument("framework")
    @click.argument("data", type=FILE)
    @click.option("--previous", type=FILE, help="The table of the year before: adds the moves.")
    @click.option("--edition", default="", help="Whose rules; else found from the table.")
    @click.option("--previous-edition", default="", help="The same for the table before.")
    @click.option("--previous-framework", default="", help="Its framework, when another.")
    @click.option(
        "--out", type=click.Path(file_okay=False, path_type=Path), help="Write a report here."
    )
    @click.option("--unit", default="", help="The unit whose profile the report shows in full.")
    @click.option(
        "--ignore", multiple=True, metavar="COLUMN", help="Leave a column out; repeatable."
    )
    @click.option("--groups", type=FILE, help="A table of units whose other columns are groups.")
    @click.option("--against", "outside", type=FILE, help="A table with an outside variable.")
    @click.option("--against-column", "outside_column", default="", help="Its column.")
    @click.option("--against-name", "outside_name", default="", help="What the report calls it.")
    @click.option(
        "--draws", type=click.IntRange(0, 1_000_000), help="Monte Carlo draws; 0 for none."
    )
    @click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    @click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list,
                  help="List the frameworks that ship.")  # fmt: skip
    def command(**said: Any) -> None:
        """Assess the table DATA by FRAMEWORK: a name of --list, or the path of a .toml file.

        Prints rank, score, tier and change of each unit; problems of the table are named by row and
        column, and nothing is assessed before they are mended.
        """
        assess(prepare, **said)

    assert isinstance(command, Assess)
    from tongban.assessment.cli_live import live_commands

    command.others = live_commands(prepare)
    return command


def assess(
    prepare: Callable[[], None], *, as_json: bool, out: Path | None, unit: str, **said: Any
) -> None:
    """Run, print and report; see the command."""
    from tongban.assessment.running import Request, run
    from tongban.base.problems import NotFound
    from tongban.indices import FrameworkProblem, InvalidTable

    if bool(said["outside"]) != bool(said["outside_column"]):
        raise click.UsageError("--against and --against-column belong together")
    try:
        result = run(Request(**said, sensitivity=out is not None))
    except NotFound as problem:
        raise click.BadParameter(
            f"{problem.title}; {problem.detail}; {problem.fix}", param_hint="FRAMEWORK"
        ) from None
    except FrameworkProblem as problem:
        raise click.ClickException(str(problem)) from None
    except InvalidTable as problem:
        raise _refused(problem, as_json=as_json) from None
    except ValueError as problem:
        # The engine's word on a method that the data don't allow.
        raise click.ClickException(str(problem)) from None
    if unit and unit not in {one.unit for one in result.units}:
        raise click.BadParameter(f"{unit} is no unit of the table", param_hint="--unit")
    if out is not None:
        prepare()
        _write_report(result, out, unit)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False, allow_nan=False, indent=2))
    else:
        from tongban.assessment.printing import print_result

        print_result(result)
    if out is not None:
        click.echo(f"report: {out / 'report.html'}", err=True)


def _refused(problem: Any, *, as_json: bool) -> click.ClickException:
    if as_json:
        document = {"problems": [one.as_json() for one in problem.problems]}
        click.echo(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2))
    lines = problem.lines()
    more = len(lines) - SHOWN_PROBLEMS
    shown = lines[:SHOWN_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
    count = f"{len(lines)} things" if len(lines) > 1 else "one thing"
    return click.ClickException(f"{problem.name}: {count} to mend\n  " + "\n  ".join(shown))


def _write_report(result: Assessment, out: Path, unit: str) -> None:
    from tongban.assessment.report.files import write_report

    write_report(result, out, unit=unit)
