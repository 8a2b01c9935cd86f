"""Titles that cost the metrics of a job's executors are found in its program, and no others."""

import pytest

from ops.jobs.titles import unreadable

_BUILDER = "SparkSession.builder"


@pytest.mark.parametrize(
    "program",
    [
        f"""{_BUILDER}.appName('daily "A"').getOrCreate()""",
        rf"{_BUILDER}.appName('a \\ b').getOrCreate()",
        f"""{_BUILDER}.master("x").appName(f'"{{day}}" load').getOrCreate()""",
        f"""{_BUILDER}.appName("load " + '"A"').getOrCreate()""",
        f"""{_BUILDER}.config("spark.app.name", '"A"').getOrCreate()""",
        """SparkConf().setAppName('"A"')""",
        """SparkConf().set("spark.app.name", '"A"')""",
        """SparkContext(appName='"A"')""",
        rf'{_BUILDER}.appName("two\nlines")',
    ],
)
def test_a_title_that_breaks_the_page_is_found(program: str) -> None:
    (title,) = unreadable(f"import x\n{program}\n")
    assert title.line == 2


@pytest.mark.parametrize(
    "program",
    [
        f"""{_BUILDER}.appName("daily 'A', 3 %").getOrCreate()""",
        f"{_BUILDER}.appName(sys.argv[1]).getOrCreate()",
        f"""{_BUILDER}.config("spark.sql.x", '"A"').getOrCreate()""",
        """print('"A"', appname='"A"')""",
        "print 'no Python 3'",
    ],
)
def test_another_title_and_another_text_are_not(program: str) -> None:
    assert list(unreadable(program)) == []
