"""Frames on their way in and out."""

import pandas as pd
import pyarrow as pa
import pytest

from fetch_pipeline.store.frames import from_pandas, to_pandas


def test_integers_stay_integers_beside_nulls() -> None:
    """Pandas alone would turn 404 into 404.0."""
    frame = to_pandas(pa.table({"status": [404, None], "url": ["a", None]}))

    assert frame["status"].tolist() == [404, pd.NA]
    assert str(frame["status"].dtype) == "Int64"


def test_a_frame_of_a_user_becomes_storable_rows() -> None:
    """Narrow numbers widen, moments become UTC, the index stays behind."""
    frame = pd.DataFrame(
        {
            "n": pd.array([1, 2], dtype="int8"),
            "share": pd.array([0.5, None], dtype="float32"),
            "ok": [True, False],
            "word": ["a", None],
            "at": pd.to_datetime(["2026-11-23T12:00:00+01:00"] * 2),
            "nothing": [None, None],
        },
        index=[7, 8],
    )

    rows = from_pandas(frame).read_all()

    assert [str(kind) for kind in rows.schema.types] == [
        "int64",
        "double",
        "bool",
        "string",
        "timestamp[us, tz=UTC]",
        "string",
    ]
    assert rows["at"][0].as_py().isoformat() == "2026-11-23T11:00:00+00:00"


def test_a_column_no_table_can_hold_is_named() -> None:
    """Rather than stored as something else."""
    with pytest.raises(TypeError, match="column 'tags' holds list"):
        from_pandas(pd.DataFrame({"tags": [["a"]]}))
