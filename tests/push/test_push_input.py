"""The input: what is taken, what is wrong with it, and that all of it is said at once."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.published import reading
from connector.push import values
from connector.push.checking import check
from connector.push.plan import Plan
from connector.push.source import from_csv, from_sql
from connector.push.values import Unfit
from schemas import WRITABLE, Field
from tests.bench import bench, connect
from tests.push.pushed import CONTACTS, Desk, desk

EMAIL, NAME, FLAG = CONTACTS.fields


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Contacts and companies that only are looked at; two of each can't be told by name."""
    made = bench(tmp_path_factory.mktemp("push"), threads=0, contacts=8, companies=5)
    with made.box:
        connect(made)
        space = made.box.workspace
        ids, companies = space.ids("contacts"), space.ids("companies")
        space.update("contacts", ids[0], email="Ada@Acme.example", name="Ada", company_id=None,
                     company_ids=[], is_subscribed=True)  # fmt: skip
        for contact in ids[1:3]:
            space.update("contacts", contact, email="twice@acme.example", is_subscribed=False)
        for company, name in zip(companies, ("Acme", "Twin", "Twin"), strict=False):
            space.update("companies", company, name=name, external_ids=[f"crm-{company[:4]}"])
        yield desk(made)


def told(plan: Plan) -> list[str]:
    return [problem.told(plan.unit) for problem in plan.problems]


def asked_in_sql(at: Desk, query: str, **options: bool) -> Plan:
    with reading(at.at.settings.data_dir) as con:
        return check(con, CONTACTS, from_sql(con, query), **options)


def of(kept: Desk, number: int) -> dict[str, Any]:
    row = kept.at.box.workspace.ids("contacts")[number]
    return kept.at.box.workspace.get("contacts", row)


def company(kept: Desk, number: int) -> dict[str, Any]:
    return kept.at.box.workspace.get("companies", kept.at.box.workspace.ids("companies")[number])


def test_only_real_differences_are_changes_and_an_empty_cell_leaves_a_field_alone(
    kept: Desk,
) -> None:
    ada, other = of(kept, 0), of(kept, 4)
    plan = kept.plan(
        {"id": ada["id"], "name": "Ada L.", "is_subscribed": "TRUE", "email": ""},
        {"id": other["id"], "name": f" {other['name']} ", "is_subscribed": "", "email": ""},
    )
    assert told(plan) == []
    assert [(c.line, c.old, c.new) for c in plan.changes] == [
        (2, {"name": "Ada"}, {"name": "Ada L."})
    ]
    assert (plan.lines, plan.unchanged) == (2, 1)
    assert plan.current_to


def test_with_an_id_an_email_is_the_new_one_and_without_it_says_whom_in_any_case(
    kept: Desk,
) -> None:
    ada, other = of(kept, 0), of(kept, 4)
    plan = kept.plan(
        {"id": "", "email": "ADA@acme.example", "name": "Ada L."},
        {"id": other["id"], "email": "new@acme.example", "name": ""},
    )
    assert told(plan) == []
    assert [(c.key, c.new) for c in plan.changes] == [
        (ada["id"], {"name": "Ada L."}), (other["id"], {"email": "new@acme.example"}),
    ]  # fmt: skip
    recased = kept.plan({"id": ada["id"], "email": "ada@ACME.example"})
    assert (told(recased), recased.changes) == ([], ())


def test_a_company_is_found_by_id_name_or_external_id(kept: Desk) -> None:
    acme, own = company(kept, 0), company(kept, 1)["external_ids"][0]
    ids = [of(kept, number)["id"] for number in (0, 1, 2)]
    plan = kept.plan(
        {"id": ids[0], "company_id": acme["id"]},
        {"id": ids[1], "company_name": "Acme"},
        {"id": ids[2], "company_external_id": own},
    )
    assert told(plan) == []
    found = {c.key: c.new for c in plan.changes}
    assert found[ids[0]] == {"company_id": acme["id"]}
    assert found.get(ids[1], {"company_id": acme["id"]}) == {"company_id": acme["id"]}
    assert (
        found.get(ids[2], {"company_id": company(kept, 1)["id"]})["company_id"]
        == (company(kept, 1)["id"])
    )
    assert plan.shown("company_id", acme["id"]) == f"Acme ({acme['id']})"


WRONG: list[tuple[list[dict[str, str]], list[str]]] = [
    ([{"name": "x"}], ["line 1: no column says whom: id or email", "line 2: says neither id nor"]),
    ([{"id": "ID0"}], ["line 1: no column says what is to be set"]),
    ([{"email": "ada@acme.example"}], ["line 1: no column says what is to be set"]),
    ([{"id": "ID0", "nmae": "x"}], ["line 1: no column says", "line 1, column 2: is no column"]),
    ([{"id": "nobody", "name": "x"}], ["line 2, id: the warehouse has no such row of contacts"]),
    ([{"email": "no@x.example", "name": "x"}], ["line 2, email: the warehouse has no such row"]),
    ([{"email": "twice@acme.example", "name": "x"}], ["line 2, email: 2 rows of contacts have it"]),
    ([{"id": "ID0", "name": "x"}, {"id": "ID0", "name": "y"}], ["line 3, id: the same row as in"]),
    (
        [{"id": "ID0", "email": "", "name": "x"}, {"id": "", "email": "ADA@acme.example"}],
        ["line 3, email: the same row as in line 2"],
    ),
    ([{"id": "ID0", "name": "x" * 256}], ["line 2, name: is 256 characters long, and may be 255"]),
    ([{"id": "ID0", "name": "😀" * 128}], ["line 2, name: is 256 characters long"]),
    ([{"id": "ID0", "name": "a\tb"}], ["line 2, name: has a control character in it"]),
    ([{"id": "ID0", "name": "NULL"}], ["line 2, name: null clears nothing"]),
    ([{"id": "ID0", "email": "nobody"}], ["line 2, email: is no e-mail address"]),
    ([{"id": "ID0", "email": f"{'a' * 243}@acme.example"}], ["line 2, email: is 256 characters"]),
    ([{"id": "ID0", "email": "TWICE@acme.example"}], ["line 2, email: another row of contacts"]),
    (
        [{"id": "ID0", "email": "n@x.example"}, {"id": "ID4", "email": "N@x.example"}],
        ["line 3, email: line 2 asks for it, too"],
    ),
    ([{"id": "ID0", "is_subscribed": "yes"}], ["line 2, is_subscribed: must be true or false"]),
    ([{"id": "ID1", "is_subscribed": "true"}], ["line 2, is_subscribed: would be set to true"]),
    (
        [{"id": "ID0", "company_name": "Acme", "company_id": "x"}],
        ["line 2, company_name: only one of company_id and company_name may be given"],
    ),
    ([{"id": "ID0", "company_name": "Twin"}], ["line 2, company_name: 2 rows of companies have"]),
    ([{"id": "ID0", "company_name": "Nope"}], ["line 2, company_name: the warehouse has no such"]),
    ([{"id": "ID0", "company_id": "x" * 256}], ["line 2, company_id: is 256 characters long"]),
    ([{"id": "ID0", "company_external_id": "?"}], ["line 2, company_external_id: the warehouse"]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_said_with_its_line_and_column(
    kept: Desk, rows: list[dict[str, str]], expected: list[str]
) -> None:
    ids = {f"ID{n}": of(kept, n)["id"] for n in (0, 1, 4)}
    plan = kept.plan(*({k: ids.get(v, v) for k, v in row.items()} for row in rows))
    assert len(told(plan)) == len(expected)
    assert all(part in line for part, line in zip(expected, told(plan), strict=True)), told(plan)


def test_a_column_that_is_not_known_is_not_quoted_and_what_was_meant_is_guessed(
    kept: Desk,
) -> None:
    """In a file without a header, the first line is a customer."""
    plan = kept.plan({"id": "x", "ada@acme.example": "y", "nmae": "z"})
    assert "line 1, column 3: is no column of a push (is name meant?); there are" in told(plan)[2]
    assert "ada@" not in " ".join(told(plan))


def test_all_that_is_wrong_is_listed_together(kept: Desk) -> None:
    rows = [{"id": "nobody", "name": "x", "is_subscribed": "maybe"}, {"id": "", "name": "y" * 300}]
    assert len(told(kept.plan(*rows))) == 4


def test_somebody_is_subscribed_again_only_if_that_is_said(kept: Desk) -> None:
    row = {"id": of(kept, 1)["id"], "is_subscribed": "true"}
    plan = kept.plan(row, resubscribe=True)
    assert (told(plan), [c.new for c in plan.changes]) == ([], [{"is_subscribed": True}])
    assert kept.plan({"id": of(kept, 0)["id"], "is_subscribed": "false"}).problems == ()


def test_a_query_gives_rows_whose_nulls_leave_fields_alone_and_whose_texts_are_as_meant(
    kept: Desk,
) -> None:
    ada = of(kept, 0)["id"]
    plan = asked_in_sql(
        kept,
        f"SELECT id, 'null' AS name, NULL AS email, true AS is_subscribed FROM contacts "
        f"WHERE id = '{ada}'",
    )
    assert told(plan) == []
    assert [(c.line, c.new) for c in plan.changes] == [(1, {"name": "null"})]
    wrong = asked_in_sql(kept, f"SELECT '{ada}' AS id, 7 AS name, '' AS email")
    assert told(wrong) == [
        "row 1, email: is an empty text; NULL or an empty cell leaves the field alone",
        "row 1, name: is not a text but of Python's type int: cast it to VARCHAR",
    ]


@pytest.mark.parametrize(
    "query",
    ["", "SELECT 1; SELECT 2", "CREATE TEMP TABLE contacts AS SELECT 1", "SELECT * FROM nothing",
     "ATTACH 'x.db'", "SELECT * FROM read_csv('/etc/hostname')", "COPY contacts TO 'x.csv'",
     "SET threads = 1", "SELECT count(*) FROM 'lake/*.parquet'"],
)  # fmt: skip
def test_a_query_reads_the_warehouse_and_nothing_else(kept: Desk, query: str) -> None:
    with pytest.raises(ConfigurationError):
        asked_in_sql(kept, query)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"id;name\nx;y\n", "must be separated by commas"),
        (b"id\tname\nx\ty\n", "must be separated by commas"),
        (b"id,name\nx,\xff\n", "is not UTF-8 \\(line 2\\)"),
        (b'id,name\nx,"open\n', "is not CSV from line 2 on"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_as_a_whole(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        from_csv(tmp_path / "in.csv")


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes('\ufeffid,name\r\n\r\na,"two\r\nlines"\r\nb,x\u2028y\r\nc\r\n'.encode())
    found = from_csv(path)
    assert found.columns == ["id", "name"]
    assert [(line.number, line.cells["id"]) for line in found.lines] == [(3, "a"), (5, "b")]
    assert [problem.line for problem in found.problems] == [6]


def test_a_file_that_is_not_there_is_a_fault_of_usage(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none.csv can't be read"):
        from_csv(tmp_path / "none.csv")


CELLS = st.one_of(
    st.text(), st.none(), st.booleans(), st.integers(), st.emails(),
    st.text(string.ascii_letters, min_size=250, max_size=260),
)  # fmt: skip


def _fits(field: Field, cell: Any) -> bool:
    """The rules of the reference, once more."""
    if field.kind == "flag":
        return isinstance(cell, bool) or (
            isinstance(cell, str) and cell.lower() in ("true", "false")
        )
    if not isinstance(cell, str) or not cell.strip() or "\ud800" <= max(cell) <= "\udfff":
        return False
    units = sum(2 if ord(character) > 0xFFFF else 1 for character in cell)
    control = any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in cell)
    local, _, domain = cell.rpartition("@")
    is_email = bool(local) and "." in domain and not any(c.isspace() for c in cell)
    return units <= field.longest and not control and (field.kind == "text" or is_email)


@settings(deadline=None)
@given(st.sampled_from(CONTACTS.fields), CELLS)
def test_whatever_a_cell_holds_is_taken_by_the_rules_or_refused_without_quoting_it(
    field: Field, cell: Any
) -> None:
    try:
        value = values.read(field, cell)
    except Unfit as fault:
        assert len(str(cell)) < 20 or str(cell) not in str(fault)
        assert field.kind == "email" or not _fits(field, cell)
    else:
        assert _fits(field, cell)
        assert value == cell or (field.kind == "flag" and str(value).lower() == cell.lower())


@settings(deadline=None, max_examples=25)
@given(st.lists(st.dictionaries(st.sampled_from(CONTACTS.columns), CELLS), max_size=4))
def test_no_input_breaks_the_check_and_every_line_is_a_change_or_as_asked_or_a_problem(
    kept: Desk, rows: list[dict[str, Any]]
) -> None:
    from connector.push.source import Input, Line

    lines = [Line(number, row) for number, row in enumerate(rows, start=1)]
    with reading(kept.at.settings.data_dir) as con:
        plan = check(con, CONTACTS, Input("row", CONTACTS.columns, lines))
    assert all(1 <= problem.line <= len(rows) for problem in plan.problems)
    addressed = {line.number for line in lines if line.cells.get("id") or line.cells.get("email")}
    assert {p.line for p in plan.problems} >= {one.number for one in lines} - addressed


def test_what_may_be_written_is_declared_and_refers_to_columns_that_are_there() -> None:
    from schemas import STREAMS

    for stream, writable in WRITABLE.items():
        names = {name for name, _, _ in STREAMS[stream].stored()}
        assert set(writable.written) <= names
        assert STREAMS[stream].detail
        assert {link.stream for link in writable.links} <= set(STREAMS)
