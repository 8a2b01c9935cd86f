"""The alerts as sections of docs/alerts.md: what each means and what to do."""

from components.monitoring.rules import Alert, Inputs, alerts, groups


def runbook() -> str:
    """A section for each alert, by name."""
    found = sorted(alerts(groups(Inputs())), key=lambda one: one.name)
    return "\n".join(_section(one) for one in found)


def _section(one: Alert) -> str:
    lasts = f"for {one.minutes} minutes" if one.minutes else "at once"
    expression = " ".join(one.expr.split())
    return (
        f"### {one.name}\n\n{one.severity}, {lasts}. {one.meaning}\n\n{one.todo}\n\n"
        f"```promql\n{expression}\n```\n"
    )
