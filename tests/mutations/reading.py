"""Guards of what answers say: values, deletions, what is new, what is not published."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

BAD_INPUT = "tests/engine/test_bad_input.py"
ODD = "tests/engine/test_odd_parents.py"
REPLICAS = "tests/engine/test_replicas.py"
ORPHANS = "tests/engine/test_orphans.py"
DELETIONS = "tests/engine/test_deletions.py"
WINDOWS = "tests/engine/test_windows.py"

READING = [
    Mutation(
        "what the overlap brings is taken for known",
        "connector/news.py",
        "WHERE m._hash IS DISTINCT FROM s._hash",
        "WHERE m._hash IS NULL OR NOT {unmoved(endpoint, 's', 'm')}",
        (f"{WINDOWS}::test_b06_same_stamp_other_content_inside_the_overlap_is_stored",),
    ),
    Mutation(
        "what is deleted leaves what hangs under it",
        "connector/gone.py",
        "    for child in children_of(endpoint):\n        assert",
        "    for child in []:\n        assert",
        (f"{DELETIONS}::test_b09_a_deleted_row_is_marked_with_its_last_values_and_comes_back",),
    ),
    Mutation(
        "what came under a row after it was gone stays",
        "connector/gone.py",
        "    if not _is_provable(staged):\n        return",
        "    if True:\n        return",
        (f"{ORPHANS}::test_b9_read_while_a_full_walk_is_under_way",),
    ),
    Mutation(
        "a record without a key is no parent",
        "connector/gone.py",
        "    if not _is_provable(staged):\n        return",
        "    if False:\n        return",
        (f"{ORPHANS}::test_b10_not_where_the_parent_may_be_among_what_was_set_aside",),
    ),
    Mutation(
        "a parent that comes back has nothing under it",
        "connector/gone.py",
        "        ANTI JOIN staged s ON s.id = o.id ANTI JOIN aside",
        "        ANTI JOIN aside",
        (f"{ORPHANS}::test_b10_not_where_the_parent_comes_back_with_the_same_walk",),
    ),
    Mutation(
        "a parent that was set aside is none",
        "connector/gone.py",
        " ANTI JOIN aside a ON a.id = o.id",
        "",
        (f"{ORPHANS}::test_b10_not_where_the_parent_itself_was_set_aside",),
    ),
    Mutation(
        "of two ids the last one counts",
        "connector/decode.py",
        "(disputed - given.keys()) & named.keys() or ",
        "",
        (f"{BAD_INPUT}::test_b10_a_record_that_may_be_any_row_proves_of_none_that_it_is_gone",),
    ),
    Mutation(
        "an id with a bent letter is an id",
        "connector/decode.py",
        " or records.fault_of(values):",
        ":",
        (f"{BAD_INPUT}::test_b10_a_record_that_may_be_any_row_proves_of_none_that_it_is_gone",),
    ),
    Mutation(
        "an answer is dated as it says",
        "connector/listing.py",
        "min(asked_at, self._began)",
        "asked_at",
        (f"{WINDOWS}::test_b05_one_answer_that_is_dated_a_day_ahead_closes_nothing_of_that_day",),
    ),
    Mutation(
        "what was read after its tombstone is dated goes all the same",
        "connector/gone.py",
        'SEMI JOIN {among}\n        WHERE m._synced_at < $asked""",',
        'SEMI JOIN {among}\n        WHERE $asked IS NOT NULL""",',
        (f"{ORPHANS}::test_b9_read_about_when_the_full_walk_begins",),
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
        "no brake on a sudden loss",
        "connector/absence.py",
        "return len(absent.keys) > FEW and len(absent.keys) > brake * absent.total",
        "return False",
        (
            f"{DELETIONS}::test_b10_where_no_row_can_be_asked_for_a_large_loss_is_held_until_it_is_seen_twice",
        ),
    ),
    Mutation(
        "one bad parent stops all that come after it",
        "connector/children.py",
        "if self._in_a_row >= WORKERS:",
        "if True:",
        (f"{ODD}::test_rotation_goes_on_beside_one_that_can_not_be_read",),
    ),
    Mutation(
        "where nothing can be read everything is asked",
        "connector/children.py",
        "if self._in_a_row >= WORKERS:",
        "if False:",
        (f"{ODD}::test_where_none_can_be_read_not_all_are_asked",),
    ),
    Mutation(
        "a record without a key is a row of any parent",
        "connector/gone.py",
        "key[above] in parents",
        "parents",
        (f"{ODD}::test_b10_a_record_without_an_id_hides_no_deletion_under_another",),
    ),
    Mutation(
        "what a refused cursor showed counts twice",
        "connector/rounds.py",
        "            answered.found.clear()",
        "            pass",
        (f"{ODD}::test_pages_that_a_refused_cursor_showed_twice_are_counted_once",),
    ),
    Mutation(
        "what was asked under a row that went is remembered",
        "connector/warehouse.py",
        "    return found | {parent.stream for one in asked if (parent := STREAMS[one].parent)}",
        "    return found",
        (f"{ODD}::test_a_rebuild_knows_the_same_of_a_parent_that_went",),
    ),
    Mutation(
        "whatever is dated ahead is believed",
        "connector/client.py",
        "                if self._is_ahead(answer.answered_at):",
        "                if False:",
        (f"{REPLICAS}::test_b05_a_list_that_is_dated_ahead_hides_no_deletion_and_no_change",),
    ),
    Mutation(
        "a proxy's clock is the server's",
        "connector/client.py",
        "        if said and not self._is_ahead(said):",
        "        if said:",
        (f"{REPLICAS}::test_b05_a_proxy_whose_clock_is_ahead_dates_no_tombstone",),
    ),
    Mutation(
        "a parent is asked until the clock goes on",
        "connector/rounds.py",
        "        return self.gone + self.failed + early",
        "        return self.gone + self.failed",
        (f"{REPLICAS}::test_a_clock_that_is_behind_lets_no_parent_be_asked_again_and_again",),
    ),
    Mutation(
        "a record without a key proves absence as well",
        "connector/absence.py",
        "    held = absent.doubtful\n",
        "    held = frozenset()\n",
        (f"{DELETIONS}::test_b10_a_record_without_a_readable_key_may_be_any_row_so_none_is_gone",),
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
        "dates cut to milliseconds",
        "connector/stamps.py",
        "        stamp = datetime.fromisoformat(text)\n",
        "        stamp = datetime.fromisoformat(text)\n"
        "        stamp = stamp.replace(microsecond=stamp.microsecond // 1000 * 1000)\n",
        ("tests/engine/test_decode.py",),
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
        "a table with doubled keys is published",
        "connector/guard.py",
        "        if finding.error:\n",
        "        if False:\n",
        (
            "tests/assets/test_checks.py::test_a_key_with_two_rows_is_an_error_and_readers_keep_what_they_had",
        ),
    ),
    Mutation(
        "freshness by the newest window, which an old backfill moves",
        "connector/staleness.py",
        """        stamped, proven, read_to = known[endpoint.stream]
""",
        """        stamped, proven, read_to = known[endpoint.stream]
        stamped = read_to
""",
        (
            "tests/assets/test_freshness.py::test_what_was_not_synced_for_long_is_stale_and_a_backfill_of_old_days_changes_nothing",
        ),
    ),
]
