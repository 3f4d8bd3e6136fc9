# ruff: noqa: E501 (code is quoted as it stands)
"""Guards of what is kept: staged pages, the lake, the warehouse, and the memory it takes."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

BAD_INPUT = "tests/engine/test_bad_input.py"
CRASHES = "tests/engine/test_crashes.py"
EXPLAIN = "tests/engine/test_explain.py"
TWO = "tests/engine/test_two_at_once.py"

KEEPING = [
    Mutation(
        "rows and the place in the ledger not in one transaction",
        "connector/warehouse.py",
        "        with self._transaction():\n            self._apply(",
        "        if True:\n            self._apply(",
        (
            f"{CRASHES}::test_b11_rows_and_the_place_in_the_ledger_are_written_together_or_not_at_all",
        ),
    ),
    Mutation(
        "state before data",
        "connector/landing.py",
        "    lake.begin(staged.walk)\n",
        "    warehouse.commit(_landing(walked, verdict, News(), [], False))\n    lake.begin(staged.walk)\n",
        (f"{CRASHES}::test_b11_a_first_sync_killed_at_any_write_goes_on_with_the_next",),
    ),
    Mutation(
        "what is as before is dropped while another walk is under way",
        "connector/news.py",
        "    kept = keep_all or found.new + found.changed > 0\n",
        "    kept = found.new + found.changed > 0\n",
        (f"{TWO}::test_b23_what_is_as_before_is_kept_while_an_older_reading_is_on_its_way",),
    ),
    Mutation(
        "only what differs is kept while another walk is under way",
        "connector/news.py",
        'semi = "" if keep_all else',
        'semi = "" if False else',
        (f"{TWO}::test_b23_what_is_as_before_is_kept_while_an_older_reading_is_on_its_way",),
    ),
    Mutation(
        "rows that came while a full walk went on are missed by it",
        "connector/gone.py",
        ' m WHERE m._synced_at < $asked"',
        ' m WHERE $asked IS NOT NULL"',
        (f"{TWO}::test_b23_a_row_that_came_while_a_full_walk_went_on_is_not_missed_by_it",),
    ),
    Mutation(
        "no rename: files grow where readers look",
        "connector/durable.py",
        'return path.with_name(f".{path.name}")',
        "return path",
        (f"{CRASHES}::test_b11_a_killed_landing_shows_no_half_file",),
    ),
    Mutation(
        "no fsync of what is renamed",
        "connector/durable.py",
        "    _sync([hidden_name(path) for path in paths])\n",
        "",
        (f"{CRASHES}::test_b11_what_is_renamed_into_place_is_on_the_disk",),
    ),
    Mutation(
        "no clearing away after a crash",
        "connector/lake.py",
        "        if not self._marker.exists():\n            return",
        "        if self._marker:\n            return",
        (f"{CRASHES}::test_b11_no_file_is_left_that_no_line_of_the_ledger_names",),
    ),
    Mutation(
        "a killed walk begins again",
        "connector/staging.py",
        "if fits and staged.asked_at and now - staged.asked_at < YOUNG:",
        "if False:",
        (f"{CRASHES}::test_b18_a_killed_first_load_asks_no_page_twice_but_one_of_each_chain",),
    ),
    Mutation(
        "never more memory than is usual",
        "connector/workfile.py",
        "if not (_lacks_memory(fault) and again() and _hold_more(con)):",
        "if True:",
        (
            "tests/engine/test_rebuild.py::"
            "test_rows_that_take_more_memory_than_is_usual_are_read_all_the_same",
        ),
    ),
    Mutation(
        "a commit has to do with the memory that there is",
        "connector/workfile.py",
        ' or "used)" in str(fault)',
        "",
        (
            "tests/engine/test_rebuild.py::"
            "test_rows_that_take_more_memory_than_is_usual_are_read_all_the_same",
        ),
    ),
    Mutation(
        "less memory than was needed before",
        "connector/workfile.py",
        "if limit > now",
        "if limit != now",
        ("tests/engine/test_room.py::test_what_had_to_be_more_is_never_made_less",),
    ),
    Mutation(
        "a journal must do with the usual memory",
        "connector/workfile.py",
        "if _journal(path).exists():",
        "if False:",
        (
            "tests/engine/test_room.py::test_a_journal_is_replayed_with_as_much_memory_as_that_takes",
        ),
    ),
    Mutation(
        "a journal that can't be committed is given up",
        "connector/workfile.py",
        "with suppress(duckdb.OutOfMemoryException, duckdb.TransactionException):",
        "with suppress(duckdb.OutOfMemoryException):",
        (
            "tests/engine/test_room.py::test_a_journal_is_replayed_with_as_much_memory_as_that_takes",
        ),
    ),
    Mutation(
        "a question that runs out of memory fails",
        "connector/turns.py",
        "warehouse.with_room(job[0])",
        "job[0](warehouse)",
        ("tests/engine/test_room.py",),
    ),
    Mutation(
        "what counts already is done again",
        "connector/warehouse.py",
        ", again=lambda: self._made_to_count == before",
        "",
        ("tests/engine/test_room.py",),
    ),
    Mutation(
        "what ran out of memory leaves its files",
        "connector/lake.py",
        "        self._recover()\n        write_durably",
        "        write_durably",
        ("tests/engine/test_room.py",),
    ),
    Mutation(
        "a day is held in memory, however many rows it has",
        "connector/buckets.py",
        "    if len(days) == 1:\n",
        "    if False:\n",
        ("tests/engine/test_buckets.py",),
    ),
    Mutation(
        "a page that was torn is believed",
        "connector/frames.py",
        " or crc32(file.read(length)) != check",
        "",
        (f"{CRASHES}::test_b18_pages_that_a_loss_of_power_has_torn_are_asked_for_again",),
    ),
    Mutation(
        "a dead walk goes on though another has looked since",
        "connector/landing.py",
        '    if walked.kind != "early":  #',
        "    if False:  #",
        ("tests/engine/test_dead_walks.py",),
    ),
    Mutation(
        "staged pages of other columns are taken up",
        "connector/listing.py",
        """            "columns": [f"{one.name} {one.type}" for one in self.endpoint.schema],\n""",
        "",
        ("tests/engine/test_dead_walks.py",),
    ),
    Mutation(
        "ids of walks by their counter alone",
        "connector/warehouse.py",
        '        self.lake.follow(newest or "")\n',
        "",
        ("tests/engine/test_walk_ids.py",),
    ),
    Mutation(
        "what was shown may be replaced",
        "connector/durable.py",
        "        if path.exists():\n            raise",
        "        if False:\n            raise",
        ("tests/engine/test_walk_ids.py",),
    ),
    Mutation(
        "a staged walk goes on though another has landed since",
        "connector/staging.py",
        "staged.question == question and staged.walk > landed and not found",
        "staged.question == question and not found",
        (f"{CRASHES}::test_b18_a_walk_that_was_overtaken_begins_again",),
    ),
    Mutation(
        "published in place, under the readers",
        "connector/warehouse.py",
        "            hidden.replace(target)",
        "            target.exists() and target.chmod(0o644)\n            shutil.copyfile(hidden, target)",
        ("tests/engine/test_rebuild.py::test_b23_a_reader_keeps_its_snapshot_while_syncs_publish",),
    ),
    Mutation(
        "no lock between processes",
        "connector/locks.py",
        "        _wait_for(handle, mode, gives_up)\n",
        "",
        ("tests/engine/test_two_at_once.py",),
    ),
    Mutation(
        "compaction keeps the newest version only",
        "connector/compaction.py",
        "    for file in group:\n        with",
        "    for file in group[-1:]:\n        with",
        (
            "tests/engine/test_compaction.py::test_small_files_become_few_and_every_observation_stays",
        ),
    ),
    Mutation(
        "compaction removes before it has its line",
        "connector/lake.py",
        "        self.ledger.append(entry)\n        if isinstance(entry, Compaction):\n            self._remove(entry.replaced)\n",
        "        if isinstance(entry, Compaction):\n            self._remove(entry.replaced)\n        self.ledger.append(entry)\n",
        (
            "tests/engine/test_compaction.py::test_b11_a_compaction_killed_at_any_write_loses_no_version",
        ),
    ),
    Mutation(
        "equal records are one, whatever they hang under",
        "connector/meta.py",
        "QUALIFY row_number() OVER (PARTITION BY stream, key, record ORDER BY walk) = 1",
        "QUALIFY row_number() OVER (PARTITION BY stream, record ORDER BY walk) = 1",
        (
            f"{BAD_INPUT}::test_b20_the_same_unreadable_record_under_two_parents_is_two_however_often_it_is_read",
        ),
    ),
    Mutation(
        "a record without a key is another each time",
        "connector/meta.py",
        "k.key IS NOT DISTINCT FROM a.key",
        "k.key = a.key",
        (
            f"{BAD_INPUT}::test_b20_an_unreadable_record_without_a_key_is_noted_once_however_often_it_is_read",
        ),
    ),
    Mutation(
        "what a window reads in order stays set aside",
        "connector/evidence.py",
        "FROM standing ANTI JOIN ({read}) USING (stream, key, record)",
        "FROM standing",
        (
            f"{EXPLAIN}::test_a_row_set_aside_that_a_window_reads_in_order_is_live_and_set_aside_no_more",
        ),
    ),
    Mutation(
        "the walk that began last has read last",
        "connector/evidence.py",
        " AND m.{at} > r.observed_at",
        "",
        (f"{EXPLAIN}::test_a_row_set_aside_after_a_later_walk_had_read_it_stays_so",),
    ),
    Mutation(
        "a record that comes back is as old as it was",
        "connector/explain.py",
        'aside.last_walk >= last["_walk"].split(".")[0] or ',
        "",
        (f"{EXPLAIN}::test_a_row_set_aside_again_for_the_same_record_is_set_aside",),
    ),
    Mutation(
        "a record set aside is mended by what was read before it",
        "connector/evidence.py",
        "split_part(m._walk, '.', 1) > r.last_walk AND ",
        "",
        (f"{EXPLAIN}::test_a_row_set_aside_again_for_the_same_record_is_set_aside",),
    ),
    Mutation(
        "what nobody sees any more is as fresh as its parent's check",
        "connector/evidence.py",
        "THEN least(oldest, u.since) END",
        "THEN oldest END",
        (
            "tests/engine/test_deletions.py::test_a_row_that_is_held_is_proven_only_up_to_when_it_was_read",
        ),
    ),
    Mutation(
        "what hangs under nothing is as fresh as the rest",
        "connector/evidence.py",
        "            UNION ALL\n            SELECT _synced_at FROM (",
        "            UNION ALL\n            SELECT _synced_at FROM (FROM main.{endpoint.stream} LIMIT 0) UNION ALL SELECT NULL FROM (",
        (
            "tests/engine/test_orphans.py::test_a_row_whose_parent_is_gone_is_proven_only_up_to_when_it_was_read",
        ),
    ),
    Mutation(
        "what is held depends on when it was looked at",
        "connector/meta.py",
        "        _release_seen(con, stream)\n",
        "",
        (
            "tests/engine/test_rotation.py::test_a_row_asked_under_in_vain_that_was_gone_and_is_back_is_held_after_no_rebuild",
        ),
    ),
]
