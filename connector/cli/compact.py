"""`productlane-elt compact`."""

from __future__ import annotations

from connector.cli import faults, output


def compact() -> None:
    """Merge the lake's small files; every observation stays, and the API is asked for nothing.

    `sync --full` does it too. A folder is left alone until it has eight small files.
    """
    with faults.answering(stopped="Stopped. The lake is as it was before."):
        from connector import compaction
        from connector.errors import DataDirError
        from connector.lake import Lake
        from connector.settings import Settings
        from connector.warehouse import opened

        data_dir = Settings.load().data_dir
        if not (data_dir / "lake").is_dir():
            raise DataDirError(f"there is no lake in {data_dir}", todo="Run `productlane-elt sync`")
        lake = Lake(data_dir)
        with output.waiting(f"merging files of {lake.root} ..."), opened(lake) as warehouse:
            done = compaction.compact(warehouse)
        if done.before:
            output.out().print(f"{done.before:,} small files have become {done.after:,}.")
        else:
            output.out().print("No folder has so many small files that it would pay.")
