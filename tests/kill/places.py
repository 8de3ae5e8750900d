"""The crash points of a run, in the order in which a run comes by them."""

from __future__ import annotations

SOURCE = "furrow.adapters.files:FilesSource"
RUNS = "furrow.store.runs:RunTable"
LEDGER = "furrow.store.ledger:SqlLedger"
LETTERS = "furrow.store.dead_letters:DeadLetters"
SINK = "furrow.adapters.feature_store:FeatureStore"
HISTORY = "furrow.adapters.feature_history:ParquetHistory"
FEAST = "feast.infra.online_stores.sqlite"

PLACES = {
    # fetch
    "the-run-is-not-yet-noted": f"before call {RUNS}.start",
    "the-run-is-noted-and-has-no-files": f"after call {RUNS}.start",
    "a-partition-is-a-draft": "before rename */partitions/0001.jsonl",
    "some-partitions-are-there-and-no-manifest": "after rename */partitions/0001.jsonl",
    "the-manifest-is-a-draft": "before rename */manifest.json",
    "the-manifest-is-there-and-the-source-not-committed": f"before call {SOURCE}.commit",
    "fetch-is-done-and-nobody-knows": "after task fetch",
    # steps
    "calls-are-granted-and-not-committed": "before commit *INSERT INTO furrow_leases*",
    "answers-are-paid-and-nowhere": f"before call {LEDGER}.record #2",
    "answers-are-written-and-not-committed": "before commit *INSERT INTO furrow_calls* #2",
    "answers-are-in-the-ledger-and-nowhere-else": f"after call {LEDGER}.record #2",
    "a-step-s-file-is-a-draft": "before rename */steps/extract/0001.jsonl",
    "a-step-s-file-is-there-and-nobody-knows": "after rename */steps/extract/0001.jsonl",
    "a-map-step-s-file-is-a-draft": "before rename */steps/price/0000.jsonl",
    "a-step-is-done-and-nobody-knows": "after task step/digest/1",
    # validate
    "rejected-records-are-nowhere": f"before call {LETTERS}.note #2",
    "rejected-records-are-not-committed": "before commit *INSERT INTO furrow_dead_letters*",
    "rejected-records-are-noted-and-no-results": f"after call {LETTERS}.note #2",
    "results-are-a-draft": "before rename */results/0000.jsonl",
    "results-are-there-and-nobody-knows": "after rename */results/0001.jsonl",
    "validate-is-done-and-nobody-knows": "after task validate/2",
    # publish
    "nothing-is-published": f"before call {SINK}.publish",
    "half-the-online-rows-are-written": f"before call {FEAST}:to_naive_utc #21",
    "online-is-new-and-the-history-old": f"before call {HISTORY}.add",
    "a-history-file-is-a-draft": "before rename */history/goods/*.parquet",
    "a-history-file-is-there-twice": "after rename */history/goods/*.parquet",
    "old-rows-are-about-to-go": f"before call {HISTORY}._delete",
    "old-rows-are-gone": f"after call {HISTORY}._delete",
    "published-and-nobody-knows": "after task publish/features",
    # evaluate
    "the-report-is-a-draft": "before rename */report.json",
    "the-page-is-a-draft": "before rename */report.html",
    "the-report-is-there-and-the-run-open": f"before call {RUNS}.finish",
    "the-run-s-end-is-not-committed": "before commit *UPDATE furrow_runs*",
    "the-run-has-ended-and-nobody-knows": "after task evaluate",
}
