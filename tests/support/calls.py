"""Calls of every function of the core, on as many rows as asked for: what faults, interrupts, threads and races are tried on."""

import sys
from typing import Any

import numpy as np

from ofsted_sif import _core
from ofsted_sif.counts import NO_DAY

GRADES, GROUPS, PER_PROVIDER = 4, 5, 4
PROVIDERS_OF_GROUPS = 50  # for the kernel of clusters

# The ways in which each function is called; a function of the core that is missing here fails a test.
KINDS = {
    "count_grades": ("usual", "packed", "many_groups", "one_group", "bad_grade", "bad_group", "past_int64"),
    "sum_weights": ("usual", "bad_weight"),
    "order_records": ("usual", "scattered", "far_days", "bad_provider", "no_date"),
    "latest_as_at": ("usual", "bad_provider", "no_date"),
    "near_pairs": ("usual", "no_room", "scattered", "too_large"),
    "count_as_at": ("usual", "by_order", "scattered", "far_days", "bad_grid", "bad_order", "unordered"),
    "changes_as_at": ("usual", "by_order", "scattered", "far_days", "bad_grid", "bad_order", "unordered"),
    "count_transitions": ("usual", "piece", "by_order", "scattered", "far_days", "bad_period", "unordered"),
    "spells": ("usual", "by_order", "bad_span", "day_too_far"),
    "kendall_grades": ("usual", "piece", "one_group", "by_order", "bad_group"),
    "kendall_values": ("usual", "piece", "one_group", "by_order", "bad_value"),
    "kendall_clusters": ("usual", "piece", "one_group", "by_order", "bad_group", "bad_cluster"),
    "kendall_exact": ("usual", "too_large"),
    "theil_sen": ("usual", "piece", "one_group", "by_order", "bad_value"),
    "resample_counts": ("usual", "bad_cell"),
    "encode_text": ("usual", "sorted", "known", "threads", "wide", "views", "many_labels", "chosen", "bad_text"),
    "encode_objects": ("usual", "sorted", "known", "column_before", "shared", "not_text", "bad_text"),
    "recode": ("usual",),
}
# A seed, and the two secrets of it that the dictionary of texts lays over a text's first words of eight bytes and second ones; in ASCII.
_SEED, _CHOSEN = 4942, (0x156415724C615A28, 0x3674150A14123723)
FAILING = ("bad_", "past_", "no_date", "unordered", "day_too_far", "too_large")


def functions() -> list[str]:
    """The names of the functions of the core, asked of the module itself."""
    return sorted(name for name in dir(_core) if callable(getattr(_core, name)) and not name.startswith("__"))


def kinds() -> list[tuple[str, str]]:
    return [(name, kind) for name, ways in KINDS.items() for kind in ways]


def succeeds(kind: str) -> bool:
    return not kind.startswith(FAILING)


def _zeros(*shape: int, of: Any = np.int64) -> np.ndarray:
    return np.zeros(shape, dtype=of)


def a_call(name: str, kind: str, n: int, draw: int = 0) -> tuple[tuple[Any, ...], list[np.ndarray]]:
    """The arguments of a call on n rows, the same each time for one draw, and those of them that are written to."""
    rng = np.random.default_rng([len(name) * 1000 + n, draw])
    grades = rng.integers(-1, GRADES, n, dtype=np.int8)
    groups = rng.integers(-1, GROUPS, n, dtype=np.int16)
    if name in ("count_grades", "sum_weights"):
        return _counting(name, kind, n, rng, grades, groups)
    if name in ("kendall_grades", "kendall_values", "kendall_clusters", "theil_sen"):
        return _dated(name, kind, n, rng, grades)
    if name == "kendall_exact":
        runs = np.repeat(rng.integers(1, 1 << 20, -(-n // 8)), 8)[:n]  # a distribution is made anew where it changes
        if kind == "too_large":
            runs[-1] = 1 << 20
        above, at = _zeros(n, of=np.float64), _zeros(n, of=np.float64)
        return (runs, np.array([_least_s(int(run)) for run in runs]), above, at), [above, at]
    if name == "resample_counts":
        profiles = max(1, n // 10)
        cells = rng.integers(0, GRADES, 2 * profiles)
        if kind == "bad_cell":
            cells[-1] = GRADES
        replicates = 8
        resampled = _zeros(replicates, GRADES)
        members, entries = np.full(profiles, 10), np.arange(0, 2 * profiles + 1, 2)
        return (members, entries, cells, np.ones_like(cells), GRADES, 7, 0, replicates, resampled), [resampled]
    if name in ("encode_text", "encode_objects", "recode"):
        return _encoding(name, kind, n, rng)
    return _histories(name, kind, n, rng, grades, groups)


def _share(kind: str, n: int) -> tuple[int, ...]:
    """The places at which a thread's share of n rows begins and ends, where one is given."""
    return (n // 3, n // 3 * 2) if kind == "piece" else ()


def _least_s(runs: int) -> int:
    """The S of values that fall all the way: minus the number of pairs of unequal ones."""
    lengths, length = [], 0
    for bit in range(runs.bit_length()):
        length += 1
        if runs >> bit & 1:
            lengths.append(length)
            length = 0
    return -(sum(lengths) ** 2 - sum(length**2 for length in lengths)) // 2


def _counting(name: str, kind: str, n: int, rng: Any, grades: np.ndarray, groups: Any) -> tuple[tuple[Any, ...], list[np.ndarray]]:
    n_groups = GROUPS
    if kind == "many_groups":
        n_groups = 700  # more cells than several tables hold
        groups = rng.integers(-1, n_groups, n, dtype=np.int32)
    elif kind == "one_group":
        groups, n_groups = None, 0
    elif kind == "bad_grade":
        grades[-1] = GRADES
    elif kind == "bad_group":
        groups[-1] = n_groups
    elif kind == "past_int64":
        groups = groups.clip(0).astype(np.uint64)
        groups[-1] = 2**64 - 2
    rows = n_groups + 1 if groups is not None else 1
    codes: tuple[Any, ...] = (groups, n_groups, grades, GRADES)
    if kind == "packed":  # with a bitmap of what is valid, as Arrow has it
        valid = np.packbits(grades >= 0, bitorder="little")
        codes = ((groups.clip(0), valid, 0), n_groups, (grades, valid, 0), GRADES)
    if name == "count_grades":
        counts = _zeros(rows, GRADES + 1)
        return (*codes, counts), [counts]
    weights = rng.random(n)
    if kind == "bad_weight":
        weights[-1] = -1.0
    sums, unweighted = _zeros(rows, GRADES + 1, of=np.float64), _zeros(rows)
    return (*codes, weights, sums, unweighted), [sums, unweighted]


def _encoding(name: str, kind: str, n: int, rng: Any) -> tuple[tuple[Any, ...], list[np.ndarray]]:
    codes = rng.integers(-2, 9, n, dtype=np.int32)
    if name == "recode":
        return (codes, 7, np.arange(7, dtype=np.int32)[::-1].copy()), [codes]
    number = rng.permutation(n) if kind in ("many_labels", "shared", "bad_text") else rng.integers(0, 40, n)
    longest = 3 if kind in ("threads", "wide", "many_labels", "views") else 2  # short and medium texts, and long ones too

    def word(one: int) -> str:
        return f"Locality {one:05d}" + " and some more text" * (one % longest)

    if name == "encode_objects":
        words = [word(one) for one in number.tolist()]  # each an object of its own
        if kind == "shared":
            words = [words[one] for one in rng.integers(0, min(400, n), n).tolist()]
        objects = np.array(words, dtype=object)
        objects[::7] = None
        objects[1:2] = "Örtlichkeit"  # for whose bytes Python allocates; one, as each allocation is made to fail
        objects[-1] = 5 if kind == "not_text" else "\ud800" if kind == "bad_text" else np.nan
        known = (np.array(["Kent", objects[2]], dtype=object),) if kind == "known" else ()
        if kind == "column_before":
            known = (objects[::-1], np.zeros_like(codes))
        return (objects, (None,), 7, kind == "sorted", codes, *known), [codes, *known[1:]]
    every = [word(one).encode() for one in range(number.max(initial=0) + 1)]
    texts = [every[one] for one in number.tolist()]
    if kind == "chosen":  # for one slot, by who knows the seed: they make both products of a text's words 0, whatever follows
        chosen = b"".join(one.to_bytes(8, sys.byteorder) for one in _CHOSEN)
        texts = [chosen + bytes([65 + one % 26, 65 + one // 26 % 26, 65 + one // 676 % 26, 65]) for one in range(n)]
    if kind == "bad_text":
        texts[-1] = b"\xff"
    valid = np.packbits(np.arange(n) % 7 > 0, bitorder="little")
    if kind == "views":
        lengths = np.array([*map(len, texts)])
        views = np.zeros((n, 4), dtype=np.int32)
        views[:, 0], views[:, 3] = lengths, np.cumsum(lengths) - lengths
        return ([(2, n, 0, valid, views, b"".join(texts))], 7, False, codes), [codes]
    wide = kind == "wide"
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int64 if wide else np.int32)
    half = n // 2
    data = b"".join(texts)
    chunks = [(int(wide), half, 0, valid, offsets, data), (int(wide), n - half, half, valid if kind == "usual" else None, offsets, data)]
    if kind == "known":
        known = (0, 2, 0, None, np.array([0, 4, 18], dtype=np.int32), b"KentLocality 00001")
        return ([known, *chunks], _SEED, False, codes, 2), [codes]
    return (chunks, _SEED, kind == "sorted", codes, *((0, 2) if kind == "threads" else ())), [codes]


def _histories(name: str, kind: str, n: int, rng: Any, grades: np.ndarray, groups: Any) -> tuple[tuple[Any, ...], list[np.ndarray]]:
    n_providers = -(-n // PER_PROVIDER)
    provider = np.repeat(np.arange(n_providers, dtype=np.int32), PER_PROVIDER)[:n]
    inspected = 16_000 + np.tile(np.arange(PER_PROVIDER) * 400, n_providers)[:n] + rng.integers(0, 300, n)
    published = inspected + rng.integers(10, 60, n)
    order = np.arange(n)
    if kind in ("scattered", "far_days", "by_order", "unordered"):
        rows = rng.permutation(n)
        provider, inspected, published, order = provider[rows], inspected[rows], published[rows], np.argsort(rows)
    if kind == "far_days":  # keys that together fit no word of 64 bits
        published = rng.integers(-(2**60), 2**60, n)
        order = np.lexsort((np.arange(n), published, inspected, provider))
    elif kind == "no_date":
        inspected[-1] = published[-1] = NO_DAY
    elif kind == "day_too_far":
        inspected[-1] = 2**40
    elif kind == "bad_provider":
        provider[-1] = n_providers
    elif kind == "bad_order":
        order[-1] = n
    opened, closed = np.full(n_providers, NO_DAY), np.full(n_providers, NO_DAY)
    if kind == "bad_span":
        closed[-1] = 15_000
    records = (provider, n_providers, inspected, published, np.ones(n, dtype=np.bool_), opened, closed)
    if name == "order_records":
        written = _zeros(n)
        return (*records, written), [written]
    if name == "latest_as_at":
        written = _zeros(n_providers)
        return (*records, 17_000, 17_000, written), [written]
    if name == "near_pairs":
        outputs = [_zeros(1 if kind == "no_room" else 2 * n) for _ in range(2)]
        days = (provider, inspected, np.roll(provider, 9), np.roll(published, 9))
        return (*days, 2**31 if kind == "too_large" else 20, len(outputs[0]), *outputs), outputs
    # With an order that is given; by none the records are put in order, or refused, by the kernel.
    given = order if kind in ("by_order", "bad_order") else np.arange(n) if kind == "unordered" else None
    if name in ("count_as_at", "changes_as_at"):
        dates = 16_000 + np.arange(0, 2_000, 20)
        if kind == "bad_grid":
            dates[-1] = 0
        outputs = [_zeros(len(dates), GROUPS + 1, GRADES + 1)] if name == "count_as_at" else [_zeros(4 * n), _zeros(4 * n)]
        return (*records, given, groups, GROUPS, grades, GRADES, inspected + 1_000, dates, dates + 30, *outputs), outputs
    if name == "count_transitions":
        periods = rng.integers(-1, 3, n, dtype=np.int8)
        if kind == "bad_period":
            periods[-1] = 3
        counts = _zeros(GROUPS + 1, 4, GRADES + 1, GRADES + 1)
        return (*records, given, groups, GROUPS, periods, 3, grades, GRADES, counts, *_share(kind, n)), [counts]
    assert name == "spells"
    outputs = [_zeros(n) for _ in range(4)]
    return (*records, given, grades, GRADES, 18_000, *outputs), outputs


def _dated(name: str, kind: str, n: int, rng: Any, grades: np.ndarray) -> tuple[tuple[Any, ...], list[np.ndarray]]:
    n_groups = 1 if kind == "one_group" else -(-n // 10)
    groups = np.sort(rng.integers(0, n_groups, n))
    days = np.arange(n) + 16_000
    values = rng.random(n)
    if kind == "bad_group":
        groups[-1] = n_groups
    elif kind == "bad_value":
        values[-1] = np.inf
    order = None
    if kind == "by_order":
        rows = rng.permutation(n)
        groups, days, order = groups[rows], days[rows], np.argsort(rows)
    if name == "theil_sen":
        slopes = _zeros(n_groups, 1, of=np.float64)
        middle = np.bincount(groups, minlength=n_groups)
        ranks = (middle * (middle - 1) // 4).reshape(n_groups, 1)
        return (order, groups, n_groups, days, values, 1, ranks, slopes, *_share(kind, n)), [slopes]
    if name == "kendall_clusters":
        clusters = rng.integers(-1, PROVIDERS_OF_GROUPS, n, dtype=np.int32)
        if kind == "bad_cluster":
            clusters[-1] = PROVIDERS_OF_GROUPS
        sums, n_clusters = _zeros(n_groups, 2, of=np.float64), _zeros(n_groups)
        codes = (grades, GRADES, clusters, PROVIDERS_OF_GROUPS)
        return (order, groups, n_groups, days, *codes, sums, n_clusters, *_share(kind, n)), [sums, n_clusters]
    counts, cubes = _zeros(n_groups, 5), _zeros(n_groups, 2, of=np.float64)
    given = (grades, GRADES) if name == "kendall_grades" else (values,)
    return (order, groups, n_groups, days, *given, counts, cubes, *_share(kind, n)), [counts, cubes]
