"""The kernels behind transitions and spells: against their slow definitions, in pieces, and on what is wrong."""

from itertools import pairwise

import numpy as np
import pytest

from ofsted_sif import counts
from ofsted_sif.counts import NO_DAY
from tests.reference.count_transitions import count_transitions
from tests.reference.records import Record
from tests.reference.spells import spells

KINDS = [np.int8, np.int16, np.int32, np.int64]


def records_of(rng, n):
    """Records of few providers, with repeated days, missing dates and missing grades; as Python lists and as what kernels take."""
    n_providers = int(rng.integers(1, 6)) if n < 100 else n // 40
    records = {
        "provider": rng.integers(0, n_providers, n),
        "inspected": rng.integers(0, 12 if n < 100 else 4000, n),
        "grades": rng.integers(-1, 4, n),
    }
    records["published"] = None if rng.random() < 0.3 else records["inspected"] + rng.integers(-1, 3, n)
    records["eligible"] = None if rng.random() < 0.5 else rng.random(n) < 0.7
    if records["published"] is not None:
        lost = rng.random((2, n)) < 0.2
        records["published"] = np.where(lost[0], NO_DAY, records["published"])
        records["inspected"] = np.where(lost[1] & ~lost[0], NO_DAY, records["inspected"])
    return records, n_providers


def or_none(values, missing):
    return None if values is None else [None if value == missing else int(value) for value in values]


def told(records, groups=None):
    """The same records as definitions take them."""
    n = len(records["provider"])
    columns = {"provider": records["provider"].tolist(), "grade": or_none(records["grades"], -1)}
    columns |= {name: or_none(records[name], NO_DAY) or [None] * n for name in ("inspected", "published")}
    columns["eligible"] = [True] * n if records["eligible"] is None else records["eligible"].tolist()
    columns["group"] = or_none(groups, -1) or [None] * n
    return [Record(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def by_cell(table):
    return {tuple(int(i) for i in cell): int(table[tuple(cell)]) for cell in np.argwhere(table)}


def disguised(rng, codes):
    """The same codes in another integer type, or as Arrow has them."""
    if codes is None or rng.random() < 0.7:
        return None if codes is None else codes.astype(KINDS[rng.integers(int(codes.max(initial=0) > 127), 4)])
    bitmap = np.packbits(np.insert(codes >= 0, 0, [False, True, False]), bitorder="little")
    return (np.where(codes < 0, 99, codes).astype(np.uint16), bitmap, 3)


@pytest.mark.parametrize("seed", range(20))
def test_transitions_agree_with_their_definition(seed):
    rng = np.random.default_rng(seed)
    for case in range(110):
        n = int(rng.integers(0, 40)) if case % 22 else int(rng.integers(1000, 2500))
        records, n_providers = records_of(rng, n)
        groups = None if rng.random() < 0.3 else rng.integers(-1, 3, n)
        periods = None if rng.random() < 0.3 else rng.integers(-1, 2, n)
        no_periods = [None] * n
        sizes = (0 if groups is None else 3, 0 if periods is None else 2, 4)
        wanted = count_transitions(told(records, groups), or_none(periods, -1) or no_periods, *sizes)
        dates = records["inspected"], records["published"]
        order = None if case % 2 else counts.order_records(records["provider"], *dates, n_providers=n_providers)[0]
        got = counts.count_transitions(
            disguised(rng, records["provider"]),
            *dates,
            disguised(rng, groups),
            disguised(rng, records["grades"]),
            periods=disguised(rng, periods),
            order=order,
            n_providers=n_providers,
            n_groups=3,
            n_periods=2,
            eligible=records["eligible"],
        )
        assert by_cell(got) == wanted


@pytest.mark.parametrize("seed", range(20))
def test_spells_agree_with_their_definition(seed):
    rng = np.random.default_rng(seed + 100)
    refused = 0
    for case in range(110):
        n = int(rng.integers(0, 40)) if case % 22 else int(rng.integers(1000, 2500))
        records, n_providers = records_of(rng, n)
        span = 12 if n < 100 else 4000
        opened = None if rng.random() < 0.4 else np.where(rng.random(n_providers) < 0.5, NO_DAY, rng.integers(0, span, n_providers))
        closed = None if rng.random() < 0.4 else rng.integers(span, span + 5, n_providers)
        if closed is not None:
            closed = np.where(rng.random(n_providers) < 0.5, NO_DAY, closed - (rng.random(n_providers) < 0.1) * span // 2)
        until = int(rng.integers(span // 2, span + 8))
        arguments = {**records, "opened": opened, "closed": closed}
        wanted = spells(told(records), or_none(opened, NO_DAY), or_none(closed, NO_DAY), until)
        grades, provider = disguised(rng, arguments.pop("grades")), disguised(rng, arguments.pop("provider"))

        def find(arguments=arguments, grades=grades, provider=provider, until=until, n_providers=n_providers):
            return counts.spells(provider, grades=grades, until=until, n_providers=n_providers, **arguments)

        if wanted is None:
            refused += 1
            with pytest.raises(ValueError, match="negative duration"):
                find()
        else:
            assert list(zip(*(part.tolist() for part in find()), strict=True)) == wanted
    assert 0 < refused < 80


def ordered_records(seed, n=3000):
    records, n_providers = records_of(np.random.default_rng(seed), n)
    order, _ = counts.order_records(records["provider"], records["inspected"], records["published"])
    return {name: None if values is None else values[order] for name, values in records.items()}, n_providers


def pieces_of(records, rng):
    """The records in pieces that split between providers."""
    starts = np.flatnonzero(np.diff(records["provider"])) + 1
    cuts = [0, *sorted(rng.choice(starts, 3, replace=False).tolist()), len(records["provider"])]
    return [
        (start, {name: None if values is None else values[start:stop] for name, values in records.items()})
        for start, stop in pairwise(cuts)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_results_of_pieces_merge_into_that_of_the_whole(seed):
    records, n_providers = ordered_records(seed)
    rng = np.random.default_rng(seed)
    sizes = {"n_providers": n_providers}
    whole = counts.count_transitions(groups=None, **records, **sizes)
    pieces = pieces_of(records, rng)
    np.testing.assert_array_equal(sum(counts.count_transitions(groups=None, **piece, **sizes) for _, piece in pieces), whole)
    parts = []
    for start, piece in pieces:
        rows, ended_by, *days = counts.spells(until=5000, **piece, **sizes)
        parts.append([rows + start, np.where(ended_by < 0, -1, ended_by + start), *days])
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), counts.spells(until=5000, **records, **sizes))


def test_many_groups_and_long_histories_are_counted():
    rng = np.random.default_rng(1)
    n = 20_000
    records = {"provider": np.repeat([0, 1], n // 2), "inspected": np.tile(np.arange(n // 2), 2), "published": None, "eligible": None}
    records["grades"], groups = rng.integers(-1, 4, n), rng.integers(-1, 5000, n)
    wanted = count_transitions(told(records, groups), [None] * n, 5000, 0, 4)
    assert by_cell(counts.count_transitions(groups=groups, n_groups=5000, **records)) == wanted


GOOD = {"provider": [0, 0, 1], "inspected": [1, 2, 1], "published": None, "grades": [0, 1, 2]}


@pytest.mark.parametrize(
    ("change", "reason", "row"),
    [
        ({"grades": [0, 4, -2]}, "grade", 1),
        ({"provider": [0, 0, -1]}, "provider", 2),
        ({"provider": [0, 0, 7], "n_providers": 2}, "provider", 2),
        ({"inspected": [-1, NO_DAY, 1]}, "date", 1),
        ({"inspected": [1, 2**40 + 5, 1]}, "day", 1),
        ({"order": [0, 2, 1]}, "unordered", 1),
        ({"order": [0, 1, 3]}, "order", 2),
        ({"order": [0, 0, 2]}, "unordered", 0),  # a row twice
        ({"inspected": [1, 1, 1], "order": [1, 0, 2]}, "unordered", 0),
        ({"published": [1, 0, 0], "inspected": [1, 1, 1], "order": [0, 1, 2]}, "unordered", 1),
    ],
)
@pytest.mark.parametrize("kernel", [counts.count_transitions, counts.spells])
def test_what_is_wrong_names_its_row(kernel, change, reason, row):
    more = {"groups": None} if kernel is counts.count_transitions else {"until": 2**31}
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the reason is what is tested
        kernel(**{**GOOD, **more, **change})
    assert (caught.value.reason, caught.value.row) == (reason, row)


@pytest.mark.parametrize("name", ["groups", "periods"])
def test_a_group_or_period_out_of_range_names_its_row(name):
    with pytest.raises(ValueError, match=r"row 1: .* code 9") as caught:
        counts.count_transitions(**{"groups": None, **GOOD, name: [0, 9, 1], f"n_{name}": 2})
    assert caught.value.row == 1


def test_disorder_is_found_where_blocks_of_records_meet():
    n = 5000
    for at in (1, 1023, 1024, 1025, 2048, 4999):
        inspected = np.arange(n)
        inspected[at] = inspected[at - 1] - 1
        with pytest.raises(ValueError, match=f"row {at}: .* not ordered"):
            counts.count_transitions(np.zeros(n, dtype=int), inspected, None, None, np.zeros(n, dtype=int), order=np.arange(n))


def test_two_inspections_of_one_day_count_once_where_blocks_of_records_meet():
    n = 3000
    for at in (1, 1023, 1024, 1025, 2048, 2999):
        inspected = np.arange(n)
        inspected[at:] -= 1
        counted = counts.count_transitions(np.zeros(n, dtype=int), inspected, None, None, np.arange(n) % 4)
        assert counted.sum() == n - 2
        assert counted[0, 0, (at - 2) % 4, at % 4] == (1 if at > 1 else 0)


def test_inputs_are_left_as_they_are():
    records, n_providers = ordered_records(3)
    before = {name: None if values is None else values.copy() for name, values in records.items()}
    for values in records.values():
        if values is not None:
            values.flags.writeable = False
    counts.count_transitions(groups=None, **records, n_providers=n_providers)
    counts.spells(until=5000, **records, n_providers=n_providers)
    for name, values in records.items():
        np.testing.assert_array_equal(values, before[name])
