"""`productlane-elt rebuild`."""

from __future__ import annotations

from connector.cli import faults, output


def rebuild() -> None:
    """Make the warehouse again from the lake alone, and publish it; asks the API for nothing.

    For when the warehouse's file is damaged or lost, or after an upgrade that declares new
    columns. Readers keep the old one until the new one is whole.
    """
    with faults.answering(stopped="Stopped. The warehouse is as it was before."):
        from connector import warehouse
        from connector.errors import DataDirError
        from connector.lake import Lake
        from connector.published import reading
        from connector.settings import Settings
        from connector.status import rows_by_table

        data_dir = Settings.load().data_dir
        if not (data_dir / "lake").is_dir():
            raise DataDirError(f"there is no lake in {data_dir}", todo="Run `productlane-elt sync`")
        lake = Lake(data_dir)
        with output.waiting(f"reading {lake.root} ..."):
            warehouse.rebuild(lake)
            with warehouse.opened(lake) as work:
                work.publish()
        made = output.table(["table", "rows"], numbers=["rows"])
        with reading(data_dir) as con:
            for name, rows in rows_by_table(con).items():
                made.add_row(name, output.count(rows))
        output.out().print(made)
