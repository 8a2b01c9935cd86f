"""What hides a job from Prometheus: a UI that is closed, names of its own, a title with a quote."""

from collections.abc import Iterator, Sequence

from ops.jobs.findings import ABSENT, Finding, brief, put_conf, warning
from ops.jobs.metrics import CONF, NAMESPACE, NAMESPACE_KEY, SINK
from ops.jobs.model import Application, Pods, Target
from ops.jobs.spark_conf import boolean
from ops.jobs.titles import GOOD_TITLE, unreadable
from ops.plan.values import mapping

_UI = "spark.ui.enabled"


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Nothing where no Prometheus scrapes the team's drivers."""
    del pods
    if not target.team.metrics:
        return
    if not boolean(app.conf, _UI, default=True):
        yield warning(
            f"spec.sparkConf[{_UI}]",
            "a driver without its UI has no metrics: alerts and dashboards do not know the job",
            "true",
            app.conf[_UI],
        )
        return
    lacking = [key for key in CONF if key not in app.conf]
    if lacking:
        yield warning(
            f"spec.sparkConf[{SINK}.class]" if f"{SINK}.class" in lacking else "spec.sparkConf",
            "Prometheus sees the job's executors at best, and not the driver's own metrics",
            ", ".join(f"{key}: {CONF[key]!r}" for key in lacking),
            ABSENT,
            [put_conf(key, CONF[key]) for key in lacking],
        )
    if app.conf.get(NAMESPACE_KEY, NAMESPACE) != NAMESPACE:
        yield warning(
            f"spec.sparkConf[{NAMESPACE_KEY}]",
            "the driver's metrics have names of their own, which Prometheus does not keep",
            NAMESPACE,
            app.conf[NAMESPACE_KEY],
            [put_conf(NAMESPACE_KEY, NAMESPACE)],
        )
    yield from _titles(app)


def _titles(app: Application) -> Iterator[Finding]:
    """Of programs in the same file. The operator's own title is the application's name."""
    for one in app.beside:
        data = mapping(one.get("data")) if one.get("kind") == "ConfigMap" else {}
        for file, program in data.items():
            if not file.endswith(".py") or not isinstance(program, str):
                continue
            for title in unreadable(program):
                lost = title.lost_in(file)
                yield warning("spec.mainApplicationFile", lost, GOOD_TITLE, brief(title.text))
