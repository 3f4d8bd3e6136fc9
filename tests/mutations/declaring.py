"""Guards of what is declared later, or otherwise: old files read with today's catalogue."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

PROMOTION = "tests/engine/test_promotion.py"
REDECLARED = "tests/engine/test_redeclared.py"

DECLARING = [
    Mutation(
        "files of another catalogue read as they are",
        "connector/warehouse.py",
        "        alike += old.pop(kinds_of(schema), [])\n",
        "        alike += [path for kinds in [*old] for path in old.pop(kinds)]\n",
        (f"{REDECLARED}::test_a_rebuild_gives_what_the_new_catalogue_would_have_read",),
    ),
    Mutation(
        "files told apart by names of columns alone",
        "connector/lakefile.py",
        ' + (schema.metadata or {}).get(KINDS, b"")',
        "",
        (
            f"{REDECLARED}::test_a_rebuild_gives_what_the_new_catalogue_would_have_read",
            f"{REDECLARED}::test_a_compaction_merges_no_files_of_two_catalogues",
        ),
    ),
    Mutation(
        "files that don't note what their columns hold",
        "connector/lakefile.py",
        "        if schema.metadata:\n            writer.add_key_value_metadata(schema.metadata)\n",
        "",
        (f"{REDECLARED}::test_a_rebuild_gives_what_the_new_catalogue_would_have_read",),
    ),
    Mutation(
        "an old file's value looked for in _extra alone",
        "connector/promotion.py",
        "extra.pop(name, None) if value is None else value",
        "extra.pop(name, None)",
        (f"{PROMOTION}::test_a_file_of_any_kind_is_read_as_decode_reads_its_records",),
    ),
    Mutation(
        "a promoted value left in _extra as well",
        "connector/promotion.py",
        "extra.pop(name, None) if",
        "extra.get(name) if",
        (f"{PROMOTION}::test_a_file_of_any_kind_is_read_as_decode_reads_its_records",),
    ),
    Mutation(
        "what is declared no longer is dropped",
        "connector/promotion.py",
        "            extra[name] = value\n",
        "            pass\n",
        (f"{PROMOTION}::test_a_file_of_any_kind_is_read_as_decode_reads_its_records",),
    ),
    Mutation(
        "early files merged whatever their types",
        "connector/compaction.py",
        "        found[pq.read_schema(lake.path(file))].append(file)\n",
        "        found[pq.read_schema(lake.path(group[0]))].append(file)\n",
        (f"{REDECLARED}::test_a_compaction_merges_no_files_of_two_catalogues",),
    ),
]
