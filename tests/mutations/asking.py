# ruff: noqa: E501 (code is quoted as it stands)
"""Guards of how the API is asked: walks and windows, children, the budget, refusals."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

CHILDREN = "tests/engine/test_children.py"
DELETIONS = "tests/engine/test_deletions.py"
PAGING = "tests/engine/test_paging.py"
READABLE = "tests/engine/test_readable.py"
WINDOWS = "tests/engine/test_windows.py"
ROTATION = "tests/engine/test_rotation.py"

ASKING = [
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
        "rows from outside a window are no sign that it was not applied",
        "connector/walk.py",
        "        _check_window(question, page)\n",
        "",
        (f"{WINDOWS}::test_a_list_that_does_not_filter_is_not_believed_to_be_a_window",),
    ),
    Mutation(
        "no lag",
        "connector/listing.py",
        "min(asked_at, self._began) - self.context.settings.lag",
        "min(asked_at, self._began)",
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
        "a list that breaks off is taken for whole",
        "connector/walk.py",
        "        if not page.has_more:\n            return",
        "        if not page.has_more or not page.cursor:\n            return",
        (f"{PAGING}::test_b13_a_chain_that_is_broken_is_an_error_and_closes_nothing",),
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
        ("tests/engine/test_budget_shared.py::test_b14_two_processes_never_take_the_same_place",),
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
        "a failed backfill forgets what it had finished",
        "assets/backfill.py",
        "        if key not in open_keys:\n",
        "        if False:\n",
        ("tests/assets/test_backfills.py::test_what_was_finished_before_a_failure_stays_finished",),
    ),
]
