"""Values of an answer: exact in every form, each in its cell."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


def test_json_keeps_numbers_beyond_64_bits_and_what_it_has_no_type_for(synced: Cli) -> None:
    query = "SELECT 1::HUGEINT << 100 AS big, DATE '2026-01-31' AS day, 'nan'::DOUBLE AS none"
    (row,) = synced.run("sql", query, "--format", "json").document
    assert row["big"] == 1 << 100
    assert row["day"] == "2026-01-31"


BIG = 1 << 70


@pytest.mark.parametrize("form", ["json", "csv", "md", "table"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("MAP {'a': 1, 'b|': 2}", '{"a":1,"b|":2}'),
        ("MAP {1: [DATE '2026-01-31']}", '{"1":["2026-01-31"]}'),
        ("MAP {1.5::DECIMAL(9, 2): true}", '{"1.50":true}'),
        (f"[{BIG}::HUGEINT]", f"[{BIG}]"),
        (f"{{'deep': {{'n': {BIG}::HUGEINT}}}}", f'{{"deep":{{"n":{BIG}}}}}'),
    ],
)
def test_nested_values_are_json_in_every_form(
    synced: Cli, form: str, value: str, shown: str
) -> None:
    said = synced.run("sql", f"SELECT {value} AS cell", "--format", form)
    assert said.code == 0
    assert shown in said.out.replace('""', '"').replace("\\|", "|")


def test_json_is_json_whatever_is_in_it(synced: Cli) -> None:
    query = (
        f"SELECT {BIG}::HUGEINT AS big, 'inf'::DOUBLE AS much, 1.10::DECIMAL(9, 2) AS price, "
        f"'{{\"a\":\n{BIG}}}'::JSON AS document, '[NaN]'::JSON AS odd"
    )
    said = synced.run("sql", query, "--format", "json").out
    assert said.splitlines()[1:-1] == [
        f'{{"big":{BIG},"much":null,"price":1.10,"document":{{"a": {BIG}}},"odd":"[NaN]"}}'
    ]


def test_what_python_has_no_word_for_is_said_as_duckdb_says_it(synced: Cli) -> None:
    query = (
        "SELECT INTERVAL 1 MONTH AS wait, '\\x00a'::BLOB AS bytes, [INTERVAL 2 DAY] AS waits, "
        "{'a b': [MAP {'x': INTERVAL 1 YEAR}], 'n': 1} AS deep, '12:00:00+02'::TIMETZ AS wait; -- x"
    )
    said = synced.run("sql", query)
    assert said.err == ""
    assert said.out == (
        "wait,bytes,waits,deep,wait\n"
        '1 month,\\x00a,"[""2 days""]","{""a b"":[{""x"":""1 year""}],""n"":1}",12:00:00+02\n'
    )


def test_what_is_said_in_words_keeps_its_order_and_what_prepares_it(synced: Cli) -> None:
    query = (
        "SET VARIABLE days = 3; CREATE TEMP TABLE t AS SELECT range AS n FROM range(200_000);"
        "SELECT n, n * INTERVAL 1 DAY * getvariable('days') AS wait FROM t ORDER BY n DESC"
    )
    rows = synced.run("sql", query).out.splitlines()
    assert rows[1:3] == ["199999,599997 days", "199998,599994 days"]
    assert [int(row.partition(",")[0]) for row in rows[1:]] == [*range(199_999, -1, -1)]


def test_csv_keeps_each_text_in_its_cell(synced: Cli) -> None:
    query = (
        "SELECT 'a' || chr(13) || 'b' AS x, chr(10) AS y, 'c,\"' AS z UNION ALL SELECT '', '', ''"
    )
    synced.run("sql", query, "--output", "cells.csv")
    said = (synced.folder / "cells.csv").read_bytes()
    assert said == b'x,y,z\n"a\rb","\n","c,"""\n,,\n'


def test_markdown_keeps_each_text_in_its_cell(synced: Cli) -> None:
    query = "SELECT 'a|b' || chr(10) || '<i>' AS \"x|y\", 7 AS n, NULL AS none"
    said = synced.run("sql", query, "--format", "md").out.splitlines()
    assert said == ["| x\\|y | n | none |", "| --- | ---: | --- |", "| a\\|b<br>&lt;i> | 7 |  |"]
