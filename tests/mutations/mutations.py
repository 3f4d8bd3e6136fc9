# ruff: noqa: E501 (code is quoted as it stands)
"""Our guards, each taken out in turn: what is changed in the code, and which tests must see it.

Every mutation is a mistake that a real connector has made (FAILURES), or one step towards it.
"""

from __future__ import annotations

from dataclasses import dataclass

BAD_INPUT = "tests/engine/test_bad_input.py"
CHILDREN = "tests/engine/test_children.py"
DELETIONS = "tests/engine/test_deletions.py"
PAGING = "tests/engine/test_paging.py"
READABLE = "tests/engine/test_readable.py"
WINDOWS = "tests/engine/test_windows.py"
CRASHES = "tests/engine/test_crashes.py"
PUSH = "tests/push/test_push_faults.py"
PUSH_CRASHES = "tests/push/test_push_crashes.py"
ROTATION = "tests/engine/test_rotation.py"


@dataclass(frozen=True)
class Mutation:
    """A guard by its name, the file it is in, the code with it and without it, and its tests."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTATIONS = [
    Mutation(
        "the newest stamp seen as watermark",
        "connector/listing.py",
        "closed=self._closed(staged.asked_at),",
        """closed=self._closed(max(
                value for piece in staged.pieces(self.endpoint.schema)
                for value in piece.column("updated_at").to_pylist())),""",
        (f"{WINDOWS}::test_b01_a_row_that_changes_behind_the_cursor_comes_with_the_next_sync",),
    ),
    Mutation(
        "no overlap",
        "connector/sync.py",
        "after=state.closed_to - overlap",
        "after=state.closed_to",
        (f"{WINDOWS}::test_b06_same_stamp_other_content_inside_the_overlap_is_stored",),
    ),
    Mutation(
        "bounds taken as they are meant",
        "connector/walk.py",
        "MARGIN = timedelta(seconds=1)",
        "MARGIN = timedelta(0)",
        (f"{WINDOWS}::test_b03_rows_at_the_edges_of_windows_are_in_one_of_them",),
    ),
    Mutation(
        "no lag",
        "connector/listing.py",
        "asked_at - self.context.settings.lag",
        "asked_at",
        (f"{WINDOWS}::test_b04_rows_that_become_visible_late_are_not_passed_by",),
    ),
    Mutation(
        "windows closed by our own clock",
        "connector/listing.py",
        "closed=self._closed(staged.asked_at),",
        "closed=self._closed(datetime.now(staged.asked_at.tzinfo)),",
        ("tests/engine/test_clocks.py",),
    ),
    Mutation(
        "what the overlap brings is taken for known",
        "connector/news.py",
        "WHERE m._hash IS DISTINCT FROM s._hash",
        "WHERE m._hash IS NULL OR NOT {unmoved(endpoint, 's', 'm')}",
        (f"{WINDOWS}::test_b06_same_stamp_other_content_inside_the_overlap_is_stored",),
    ),
    Mutation(
        "children only of parents that are new",
        "connector/parents.py",
        "$everything OR signal <> signal_before",
        "$everything",
        (f"{CHILDREN}::test_b08_messages_and_comments_in_old_threads_are_found",),
    ),
    Mutation(
        "children never looked for under all parents",
        "connector/parents.py",
        "$everything OR signal <> signal_before",
        "signal <> signal_before",
        (f"{CHILDREN}::test_b08_messages_and_comments_in_old_threads_are_found",),
    ),
    Mutation(
        "deletions not looked for",
        "connector/listing.py",
        "if self._is_full:\n                absent",
        "if False:\n                absent",
        (f"{DELETIONS}::test_b09_a_deleted_row_is_marked_with_its_last_values_and_comes_back",),
    ),
    Mutation(
        "what is deleted leaves what hangs under it",
        "connector/gone.py",
        'for one, condition in [(endpoint, same_key(endpoint, "m", "gone")), *under]:',
        'for one, condition in [(endpoint, same_key(endpoint, "m", "gone"))]:',
        (f"{DELETIONS}::test_b09_a_deleted_row_is_marked_with_its_last_values_and_comes_back",),
    ),
    Mutation(
        "tombstones held at once",
        "connector/gone.py",
        ").to_arrow_reader(HELD)",
        ").to_arrow_table().to_reader()",
        (f"{DELETIONS}::test_b09_however_many_go_at_once_their_rows_stream_through",),
    ),
    Mutation(
        "absence without certificate",
        "connector/absence.py",
        "    if endpoint.detail:\n",
        "    if endpoint.detail:\n        return Verdict(absent.keys, [])\n",
        (f"{DELETIONS}::test_b10_a_list_that_lost_everything_by_mistake_is_not_believed",),
    ),
    Mutation(
        "a list that breaks off is taken for whole",
        "connector/walk.py",
        "        if not page.has_more:\n            return",
        "        if not page.has_more or not page.cursor:\n            return",
        (f"{PAGING}::test_b13_a_chain_that_is_broken_is_an_error_and_closes_nothing",),
    ),
    Mutation(
        "no brake on a sudden loss",
        "connector/absence.py",
        "return len(absent.keys) > FEW and len(absent.keys) > brake * absent.total",
        "return False",
        (
            f"{DELETIONS}::test_b10_where_no_row_can_be_asked_for_a_large_loss_is_held_until_it_is_seen_twice",
        ),
    ),
    Mutation(
        "a record without a key proves absence as well",
        "connector/absence.py",
        "    if not absent.provable:\n        return Verdict([], absent.keys)\n",
        "",
        (f"{DELETIONS}::test_b10_a_record_without_a_readable_key_may_be_any_row_so_none_is_gone",),
    ),
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
        "    warehouse.commit(_landing(walked, verdict, News(0, 0, 0, news.Drift()), [], False))\n    lake.begin(staged.walk)\n",
        (f"{CRASHES}::test_b11_a_first_sync_killed_at_any_write_goes_on_with_the_next",),
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
        "no total order: whoever lands last wins",
        "connector/tables.py",
        'return f"_observed_at, _walk, {stamp_of(endpoint)} NULLS FIRST, _hash"',
        'return "rowid"',
        ("tests/engine/test_versions.py",),
    ),
    Mutation(
        "the newest updated_at wins",
        "connector/tables.py",
        'return f"_observed_at, _walk, {stamp_of(endpoint)} NULLS FIRST, _hash"',
        'return f"{stamp_of(endpoint)} NULLS FIRST, _observed_at, _walk, _hash"',
        ("tests/engine/test_versions.py",),
    ),
    Mutation(
        "stop at a short page",
        "connector/walk.py",
        "        if not page.has_more:\n            return",
        "        if not page.has_more or len(page.records) < question.page_size:\n            return",
        (f"{PAGING}::test_b13_a_short_or_empty_page_ends_nothing",),
    ),
    Mutation(
        "a repeated cursor is followed",
        "connector/walk.py",
        "elif page.cursor in seen:",
        "elif False:",
        (f"{PAGING}::test_b13_a_chain_that_is_broken_is_an_error_and_closes_nothing",),
    ),
    Mutation(
        "filters only on the first page",
        "connector/walk.py",
        "asked = dict(self.filters) | self.window.params()",
        "asked = {} if cursor else dict(self.filters) | self.window.params()",
        (f"{PAGING}::test_b13_every_page_asks_with_the_filters_of_the_first",),
    ),
    Mutation(
        "slices of a list in any order",
        "connector/slices.py",
        "        self.orderly &= follows and made.null_count == 0 and _falls(made)\n",
        "",
        ("tests/engine/test_slices.py::test_a_list_in_another_order_is_walked_by_one_chain",),
    ),
    Mutation(
        "slices of a list that ignores their borders",
        "connector/walk.py",
        "        _check_border(question, page)\n",
        "",
        ("tests/engine/test_slices.py::test_a_slice_that_meets_the_wrong_rows_says_so",),
    ),
    Mutation(
        "Retry-After not obeyed",
        "connector/client.py",
        "self.budget.pause(retry_after(response))",
        "self.budget.pause(0.5)",
        ("tests/engine/test_client.py::test_b14_retry_after_is_waited_for_literally",),
    ),
    Mutation(
        "each process with a budget of its own",
        "connector/book.py",
        "        fcntl.flock(self._file, fcntl.LOCK_EX)\n",
        "",
        ("tests/engine/test_budget.py::test_b14_two_processes_never_take_the_same_place",),
    ),
    Mutation(
        "a refused key is one stream's trouble",
        "connector/sync.py",
        "    except (errors.KeyRefused, errors.ConfigurationError):\n        raise\n    except errors.ConnectorError as error:",
        "    except errors.ConnectorError as error:",
        (f"{READABLE}::test_b15_a_key_that_is_refused_in_mid_run_ends_it",),
    ),
    Mutation(
        "flags left to their defaults",
        "connector/listing.py",
        "            return [*endpoint.parts, endpoint.filters]",
        "            return [endpoint.filters]",
        (f"{READABLE}::test_b16_every_combination_of_flags_arrives_and_a_flip_is_no_deletion",),
    ),
    Mutation(
        "dates cut to milliseconds",
        "connector/stamps.py",
        "        stamp = datetime.fromisoformat(text)\n",
        "        stamp = datetime.fromisoformat(text)\n"
        "        stamp = stamp.replace(microsecond=stamp.microsecond // 1000 * 1000)\n",
        ("tests/engine/test_decode.py",),
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
        "if not (again() and _hold_more(con)):",
        "if True:",
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
        "a staged walk goes on though another has landed since",
        "connector/staging.py",
        "staged.question == question and staged.walk > landed and not found",
        "staged.question == question and not found",
        (f"{CRASHES}::test_b18_a_walk_that_was_overtaken_begins_again",),
    ),
    Mutation(
        "unknown fields dropped",
        "connector/decode.py",
        "            extra[name] = record[name]\n",
        "",
        (f"{BAD_INPUT}::test_b20_new_fields_are_kept_and_noted",),
    ),
    Mutation(
        "one bad row fails its stream",
        "connector/decode.py",
        "            rejected.append(_set_aside(endpoint, record, reason, source))",
        "            raise ValueError(reason)",
        (f"{BAD_INPUT}::test_b20_a_bad_row_is_set_aside_and_shown_and_the_good_version_stays",),
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
        "the API's own words in errors",
        "connector/refusal.py",
        '"the API forbids it",',
        "f\"the API forbids it: {error.get('message')}\",",
        ("tests/engine/test_client.py::test_b24_an_error_repeats_no_word_of_the_api",),
    ),
    Mutation(
        "no rotation under parents that did not move",
        "connector/children.py",
        "            if self.context.rotates:\n",
        "            if False:\n",
        (f"{ROTATION}::test_a_child_deleted_under_an_unmoved_parent_is_found",),
    ),
    Mutation(
        "rotation without a share",
        "connector/rotation.py",
        "        WHERE spent < $requests",
        "        WHERE spent < $requests + 1000",
        (f"{ROTATION}::test_the_share_holds_for_all_streams_together_whatever_the_pause",),
    ),
    Mutation(
        "a deleted parent at the head of the rotation for ever",
        "connector/children.py",
        'in_vain=work.gone if work.kind == "rotation" else [],',
        "in_vain=[],",
        (f"{ROTATION}::test_a_parent_that_is_gone_does_no_harm_and_is_tried_once_a_day",),
    ),
    Mutation(
        "a lost answer taken for a failure",
        "connector/push/writing.py",
        "        if _differing(now, write.asked) == []:\n",
        "        if False:\n",
        (f"{PUSH}::test_a_write_whose_answer_is_lost_is_not_repeated",),
    ),
    Mutation(
        "written over what somebody else has written",
        "connector/push/writing.py",
        "            if moved := [name for name in names if not same(name, now[name], change.old[name])]:",
        "            if moved := [name for name in names if name == '']:",
        (f"{PUSH}::test_what_moved_since_the_warehouse_saw_it_is_a_conflict_and_lands",),
    ),
    Mutation(
        "an attempt noted after the request",
        "connector/push/writing.py",
        "        write = await self.audit.begin(key, number, before, asked)\n        try:\n",
        "        await self.writer.change(self._path(key), asked, lambda answer: answer)\n"
        "        write = await self.audit.begin(key, number, before, asked)\n        try:\n",
        (
            f"{PUSH_CRASHES}::test_killed_between_request_and_answer_the_next_push_finds_out_and_writes_nothing_twice",
        ),
    ),
    Mutation(
        "a table with doubled keys is published",
        "connector/guard.py",
        "        if finding.error:\n",
        "        if False:\n",
        (
            "tests/assets/test_checks.py::test_a_key_with_two_rows_is_an_error_and_readers_keep_what_they_had",
        ),
    ),
    Mutation(
        "a failed backfill forgets what it had finished",
        "assets/backfill.py",
        "        if key not in open_keys:\n",
        "        if False:\n",
        ("tests/assets/test_backfills.py::test_what_was_finished_before_a_failure_stays_finished",),
    ),
    Mutation(
        "freshness by the newest window, which an old backfill moves",
        "connector/staleness.py",
        """    stamped, proven, read_to = found[0]
""",
        """    stamped, proven, read_to = found[0]
    stamped = read_to
""",
        (
            "tests/assets/test_freshness.py::test_what_was_not_synced_for_long_is_stale_and_a_backfill_of_old_days_changes_nothing",
        ),
    ),
]
