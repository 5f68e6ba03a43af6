"""A run as a picture: a lane for each process, time downward, an arrow for whatever went from one to another. One SVG file.

It loads nothing and runs nothing. Rows are evenly spaced, because a run is a millisecond of action and seconds of waiting:
the left edge tells the time, and a band marks where much of it passes. What is drawn in a colour has a shape of its own too.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from ipclab.printable import clean
from ipclab.trace import Trace, TraceEvent
from ipclab.tracelinks import Kind
from ipclab.tracerows import Arrow, Lane, Plan, Row, Step, plan
from ipclab.tracewords import (
    ENDS,
    FETCHES,
    FORKS,
    KILLS,
    POSTS,
    READS,
    STILL,
    WAITS,
    WRITES,
    Names,
    bytes_text,
    duration_text,
    ending,
    errno_name,
    failed,
    never_returned,
    place,
    plural,
    waited_for,
)

GAP_MS = 100.0  # between two rows; more is drawn as a band

_MARGIN, _GUTTER, _ROW, _BAND, _HEAD, _INSET = 16, 84, 24, 24, 46, 16
_CORRIDOR = 34  # at the right of a lane, where arrows change their row
_SIZE, _SMALL = 12.0, 10.5
_MIN_LANE, _MIN_WIDTH, _MAX_FINDINGS = 150.0, 800.0, 8

# (class, property of the light picture, of the dark one). Viewers without media queries show the light one.
_COLOURS = (
    (".bg", "fill:#ffffff", "fill:#12161d"),
    (".card", "fill:#f1f3f7;stroke:#c5ccd8", "fill:#1f2732;stroke:#465264"),
    (".band", "fill:#eef1f6", "fill:#1b222c"),
    (".life,.unborn,.rule", "stroke:#8a94a6", "stroke:#6d7a8e"),
    ("text", "fill:#1b2330;stroke:#ffffff", "fill:#e6eaf1;stroke:#12161d"),
    (".soft", "fill:#5a6475", "fill:#9aa5b6"),
    (".badtext", "fill:#b3261a", "fill:#ff8370"),
    (".flat", "stroke:none", "stroke:none"),
    (".wait", "fill:#e3a008;stroke:#8f5b00", "fill:#c88a00;stroke:#f2b84b"),
    (".never", "fill:#f4a79c;stroke:#b3261a", "fill:#7a2b20;stroke:#ff8370"),
    (".message", "stroke:#2257c4", "stroke:#8ab2ff"),
    (".fork,.wait-arrow", "stroke:#187547", "stroke:#5fd391"),
    (".signal", "stroke:#8e3bb0", "stroke:#d69bf0"),
    (".h-message", "fill:#2257c4", "fill:#8ab2ff"),
    (".h-wait", "fill:#187547", "fill:#5fd391"),
    (".h-signal", "fill:#8e3bb0", "fill:#d69bf0"),
    (".dot", "fill:#5a6475", "fill:#9aa5b6"),
    (".mark", "fill:#1b2330;stroke:#1b2330", "fill:#e6eaf1;stroke:#e6eaf1"),
    (".hollow", "fill:#ffffff;stroke:#1b2330", "fill:#12161d;stroke:#e6eaf1"),
    (".bad", "fill:#ffffff;stroke:#b3261a", "fill:#12161d;stroke:#ff8370"),
)
_STYLE = (
    'text{font:12px system-ui,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;paint-order:stroke;stroke-width:4px;stroke-linejoin:round}'
    ".s{font-size:10.5px}.b{font-weight:700}tspan.soft{font-weight:400}.t{font-size:16px;font-weight:700}.r{text-anchor:end}"
    ".life{stroke-width:1.5}.unborn{stroke-dasharray:1 5}.rule{stroke-dasharray:5 4}.arrow{fill:none;stroke-width:1.6}"
    ".wait-arrow{stroke-dasharray:6 3}.signal{stroke-dasharray:2 3}.mark,.hollow,.bad{stroke-width:2}"
    + "".join(f"{name}{{{light}}}" for name, light, _ in _COLOURS)
    + "@media (prefers-color-scheme:dark){"
    + "".join(f"{name}{{{dark}}}" for name, _, dark in _COLOURS)
    + "}"
)
# (class of the line, id of the marker)
_ARROWS = {
    "fork": ("fork", "h-wait"),
    Kind.MESSAGE.value: ("message", "h-message"),
    Kind.WAIT.value: ("wait-arrow", "h-wait"),
    Kind.SIGNAL.value: ("signal", "h-signal"),
}
_HEADS = "".join(
    f'<marker id="{head}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" '
    f'orient="auto"><path class="{head}" d="M0 0L8 4L0 8z"/></marker>'
    for head in ("h-message", "h-wait", "h-signal")
)


def draw(trace: Trace, title: str = "", findings: Sequence[str] = ()) -> str:
    """The SVG, as text to be written in UTF-8; `findings` are sentences that stand above the picture."""
    return "".join(_Picture(trace, title, findings).parts())


# ---- text ----------------------------------------------------------------------------------------


def _advance(char: str) -> float:
    """How wide a character is in a wide sans-serif font, in ems: rather too much than too little."""
    if char in "iljI.,:;'|![]() ft/":
        return 0.4
    if char in "mwMW@%×→…":
        return 1.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.2
    return 0.64 if char < "\x7f" and not char.isupper() else 0.76


def measure(text: str, size: float = _SIZE) -> float:
    return sum(map(_advance, text)) * size


def fit(text: str, width: float, size: float = _SIZE) -> str:
    """As much of a text as there is room for."""
    if measure(text, size) <= width:
        return text
    left = width - measure("…", size)
    for i, char in enumerate(text):
        left -= _advance(char) * size
        if left < 0:
            return text[:i].rstrip() + "…"
    return text


def _wrapped(text: str, width: float) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if measure(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(fit(word, width))
    return [line for line in lines if line][:4]


def _plain(text: str) -> bool:
    """True where every character's width is known well enough."""
    return text.isascii() or all(c < "\x7f" or c in "×→…–·" for c in text)


def _text(x: float, y: float, text: str, classes: str = "", size: float = _SIZE, beside: str = "") -> str:
    """A text; `beside` follows it, small and grey."""
    style = f' class="{classes}"' if classes else ""
    # Scripts that the measure does not know may be far wider: they are set to the room that was reserved for them.
    sized = "" if _plain(text) else f' textLength="{measure(text, size):.0f}" lengthAdjust="spacingAndGlyphs"'
    if beside and not (_plain(text) and _plain(beside)):
        return _text(x, y, text, classes, size) + _text(x + measure(text, size) + 8, y, beside, "s soft", _SMALL)
    more = f'<tspan class="s soft" dx="8">{escape(beside)}</tspan>' if beside else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{style}{sized}>{escape(text)}{more}</text>'


# ---- words ---------------------------------------------------------------------------------------


def _amount(event: TraceEvent, total: int | None = None) -> str:
    """What a call brought: 5 B, end of file, EAGAIN, = 3; and whether we saw to that."""
    brought = _brought(event, total)
    return f"{brought} (injected)" if event.injected and brought else brought


def _brought(event: TraceEvent, total: int | None) -> str:
    if event.result is None:
        return ""
    if failed(event):
        return errno_name(event.result)
    if event.op in READS and event.result == 0:
        return "end of file"
    if event.op in READS | WRITES | FETCHES:
        return bytes_text(event.result if total is None else total)
    if event.op in WAITS:
        child = waited_for(event)
        return f"→ {child}" if child else ""
    return f"= {event.result}" if event.result and total is None else ""


_PIPE_ENDS = {"r": "read end", "w": "write end"}


def _begin_words(step: Step, lane: Lane, names: Names) -> str:
    event = step.first
    op, signal = clean(event.op, limit=30), clean(event.signal, limit=20)
    times = f" ×{step.count:,}" if step.count > 1 else ""
    if step.op in ENDS:
        return _end_words(lane, event, names)
    if step.op in FORKS and event.other is not None:
        return f"{op} → {event.other}"
    if step.op == "signal":
        return f"{signal}{times} arrives"
    if step.op in KILLS:
        return f"{op}{times} {signal} → {event.other}" if event.other is not None else f"{op}{times} {signal}"
    thing = names.short(event.object) if event.object else f"fd {event.fd}" if event.fd is not None else ""
    thing = f"{_PIPE_ENDS[event.pipe_end]} of {thing}" if event.pipe_end in _PIPE_ENDS and thing else thing
    both = f", {names.short(event.peer)}" if event.peer and event.op == "socketpair" else ""
    makes = " →" if event.op in ("pipe", "pipe2", "socketpair") and thing else ""
    said = f"{op}{times}{makes} {thing}{both}".rstrip()
    if never_returned(step.last):
        return f"{said} – never returned"
    if step.bottom is not None and step.count == 1:
        return f"{said} …"
    amount = _amount(event, step.bytes if step.count > 1 else None)
    return f"{said}{'' if amount.startswith(('=', '→')) or not amount else ','} {amount}".rstrip()


def _end_words(lane: Lane, event: TraceEvent, names: Names) -> str:
    how = ending(lane.process, event)
    if lane.process.blocked_in:
        inside = names.within(lane.process.blocked_in)
        return f"still in {inside}" if event.op == STILL else f"{how}, waited in {inside}"
    return f"{how}, never waited for" if lane.zombie else how


def _over_words(step: Step, unit: str) -> str:
    """Of the row in which a call is over."""
    op = clean(step.op, limit=30)
    if step.count > 1:
        return f"last of {step.count:,} × {op}"
    said = f"{op} {_amount(step.first)}".rstrip()
    return f"{said} after {duration_text(step.waited_ms)}" if unit == "ms" and step.waited_ms >= 1 else said


def _about(step: Step, lane: Lane) -> str:
    """All that is known, for the pointer's tip."""
    event = step.first
    words = [f"{clean(lane.process.role, limit=80)} ({lane.process.pid}): {clean(event.op, limit=30)}"]
    words += [clean(thing, limit=200) for thing in (event.object, event.peer) if thing]
    words += [f"fd {event.fd}"] if event.fd is not None else []
    words += [place(event.location)] if event.location else []
    words += [f"in {clean(event.function, limit=80)}"] if event.function else []
    return ", ".join(words)


# ---- the picture ---------------------------------------------------------------------------------


class _Picture:
    def __init__(self, trace: Trace, title: str, findings: Sequence[str]) -> None:
        self.trace = trace
        self.plan: Plan = plan(trace)
        self.names = Names(trace.events)
        self.title = clean(title, limit=200) or "What the processes did"
        self.labels = [self._label(row) for row in self.plan.rows]
        lanes = len(self.plan.lanes)
        self.lane_width = self._lane_width(lanes)
        self.width = max(_MIN_WIDTH, 2 * _MARGIN + _GUTTER + lanes * self.lane_width)
        self.findings = self._findings(findings)
        self.legend_rows = self._legend_rows()
        self.top = 44 + 18 * len(self.findings) + 20 * len(self.legend_rows) + 8  # of the lanes' heads
        self.ys = list(self._ys())
        self.times = [row.time for row in self.plan.rows]
        self.height = (self.ys[-1] if self.ys else self.top + _HEAD) + 24 + 20 * len(self._footer())

    def parts(self) -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="name about" width="{self.width:.0f}" '
            f'height="{self.height:.0f}" viewBox="0 0 {self.width:.0f} {self.height:.0f}">\n'
            f'<title id="name">{escape(self.title)}</title>\n<desc id="about">{escape(self._description())}</desc>\n'
            f"<style>{_STYLE}</style>\n<defs>{_HEADS}</defs>\n"
            '<rect class="bg" width="100%" height="100%"/>\n'
        )
        yield _text(_MARGIN, 28, fit(self.title, self.width - 2 * _MARGIN, 17), "t", 16)
        for i, line in enumerate(self.findings):
            yield _text(_MARGIN, 50 + 18 * i, line)
        yield "\n"
        yield from self._legend()
        yield from self._bands()
        yield from self._lifelines()
        yield from self._bars()
        yield from self._arrows()
        yield from self._marks()
        yield from self._row_texts()
        yield from self._heads()
        for i, line in enumerate(self._footer()):
            yield _text(_MARGIN, self.height - 12 - 20 * i, line, "soft")
        yield "</svg>\n"

    # ---- measures

    def _lane_width(self, lanes: int) -> float:
        most = 330.0 if lanes <= 4 else 260.0 if lanes <= 10 else 230.0
        texts = [measure(text) + (measure(where, _SMALL) + 8 if where else 0) for text, where in self.labels]
        texts += [measure(clean(lane.process.role, limit=60)) * 1.1 for lane in self.plan.lanes]
        return min(max(max(texts, default=0.0) + _INSET + 24, _MIN_LANE), most)

    def _findings(self, findings: Sequence[str]) -> list[str]:
        lines: list[str] = []
        for finding in findings[:_MAX_FINDINGS]:
            first, *rest = _wrapped(clean(finding, limit=600), self.width - 2 * _MARGIN - 20) or [""]
            lines += [f"· {first}", *(f"   {line}" for line in rest)]
        more = len(findings) - _MAX_FINDINGS
        return lines + ([f"· {plural(more, 'finding')} more"] if more > 0 else [])

    def _ys(self) -> Iterator[float]:
        y, before = self.top + _HEAD + 6.0, None
        for row in self.plan.rows:
            y += _ROW + (_BAND if self._gap(before, row) else 0)
            yield y
            before = row

    def _gap(self, before: Row | None, row: Row) -> bool:
        return self.trace.unit == "ms" and before is not None and not row.left_out and not before.left_out and row.time - before.time >= GAP_MS

    def _x(self, lane: int) -> float:
        return _MARGIN + _GUTTER + lane * self.lane_width + _INSET

    def _y_at(self, row: int | None, time: float) -> float:
        """The height of a row; of one that is left out, that of the band in its place."""
        if row is None:
            row = min(max(bisect_left(self.times, time) - 1, 0), len(self.ys) - 1)
        return self.ys[row]

    # ---- words

    def _description(self) -> str:
        lanes, trace = self.plan.lanes, self.trace
        count = len(lanes) + self.plan.lanes_left_out
        said = f"{plural(count, 'process').replace('processs', 'processes')}, {plural(len(trace.events), 'event')}, "
        lasted = duration_text(trace.end_ms) if trace.unit == "ms" else plural(round(trace.end_ms), trace.unit)
        said += f"{lasted}; time runs downward. "
        ends = [
            f"{clean(lane.process.role, limit=60)} ({lane.process.pid}): "
            f"{_end_words(lane, lane.end.first, self.names) if lane.end else ending(lane.process)}"
            for lane in lanes
        ]
        return said + "; ".join(ends)

    def _footer(self) -> list[str]:
        lines = []
        if self.trace.dropped:
            lines.append(f"{plural(self.trace.dropped, 'event')} not kept: the log was full. Arrows may be missing.")
        if self.plan.lanes_left_out:
            lines.append(f"{self.plan.lanes_left_out:,} more processes are not drawn.")
        if not self.trace.events:
            lines.append("No event was logged.")
        return lines

    def _label(self, row: Row) -> tuple[str, str]:
        if row.left_out:
            return "", ""
        if row.step is None:
            return "begins", ""
        if row.is_end:
            return _over_words(row.step, self.trace.unit), ""
        return _begin_words(row.step, self.plan.lanes[row.lane], self.names), place(row.step.first.location)

    # ---- parts of the picture

    def _bands(self) -> Iterator[str]:
        before: Row | None = None
        for row, y in zip(self.plan.rows, self.ys):
            if self._gap(before, row) and before is not None:
                yield self._band(y - _ROW - _BAND + 8, f"{duration_text(row.time - before.time)} pass", "gap")
            if row.left_out:
                yield self._band(y - 13, f"{plural(row.left_out, 'event')} left out", "left-out")
            before = row

    def _band(self, y: float, text: str, kind: str) -> str:
        width, low = self.width, y + _BAND - 4
        return (
            f'<g class="{kind}"><rect class="band" x="0" y="{y:.0f}" width="{width:.0f}" height="{_BAND - 4}"/>'
            f'<path class="rule" d="M0 {y:.0f}H{width:.0f}M0 {low:.0f}H{width:.0f}"/>'
            f"{_text(_MARGIN, y + 14, text, 's b flat', _SMALL)}</g>\n"
        )

    def _lifelines(self) -> Iterator[str]:
        for number, lane in enumerate(self.plan.lanes):
            x, top = self._x(number), self.ys[lane.top]
            yield (
                f'<path class="unborn" d="M{x:.0f} {self.top + _HEAD:.0f}V{top:.0f}"/>'
                f'<path class="life" data-pid="{lane.process.pid}" d="M{x:.0f} {top:.0f}V{self.ys[lane.bottom]:.0f}"/>\n'
            )
            if lane.fork is not None and lane.fork.top is not None:
                start = self._x(lane.fork.lane)
                tip = f"{lane.process.parent or lane.fork.first.pid} forks {lane.process.pid}"
                yield self._arrow("fork", lane.fork.lane, number, (start, top), (x, top), tip)

    def _bars(self) -> Iterator[str]:
        for number, lane in enumerate(self.plan.lanes):
            stuck = False
            for step in lane.steps:
                if never_returned(step.last):
                    stuck = True
                    yield self._bar(number, step, self._y_at(step.top, step.first.start_ms), self.ys[lane.bottom], "never")
                elif step.two_rows and (step.top is not None or step.bottom is not None) and step.last.end_ms is not None:
                    low = self._y_at(step.bottom, step.last.end_ms)
                    yield self._bar(number, step, self._y_at(step.top, step.first.start_ms), low, "wait")
            before = [s for s in lane.steps if s.op not in ENDS]
            if lane.process.blocked_in and not stuck and lane.end is not None:
                last = before[-1] if before else None
                top = self.ys[lane.top] if last is None else self._y_at(last.bottom or last.top, last.last.start_ms)
                yield self._bar(number, lane.end, top, self.ys[lane.bottom], "never")

    def _bar(self, number: int, step: Step, top: float, low: float, kind: str) -> str:
        half = 5 if kind == "never" else 3
        return (
            f'<rect class="{kind}" x="{self._x(number) - half:.0f}" y="{top:.0f}" width="{2 * half}" height="{max(low - top, 2):.0f}">'
            f"<title>{escape(_about(step, self.plan.lanes[number]))}</title></rect>\n"
        )

    def _arrows(self) -> Iterator[str]:
        for arrow in self.plan.arrows:
            row = arrow.target.top if arrow.target.bottom is None else arrow.target.bottom
            if arrow.source.top is None or row is None:
                continue
            start = (self._x(arrow.source.lane), self.ys[arrow.source.top])
            end = (self._x(arrow.target.lane), self.ys[row])
            yield self._arrow(arrow.kind.value, arrow.source.lane, arrow.target.lane, start, end, self._arrow_tip(arrow))

    def _arrow_tip(self, arrow: Arrow) -> str:
        event = arrow.source.first
        times = f" in {plural(arrow.count, 'part')}" if arrow.count > 1 else ""
        if arrow.kind is Kind.MESSAGE:
            what = "a message" if event.op in POSTS and arrow.count == 1 else bytes_text(arrow.bytes)
            return f"{what}{times}, {self.names.short(event.object)}"
        return arrow.target.first.signal if arrow.kind is Kind.SIGNAL else "the end that was waited for"

    def _arrow(
        self, kind: str, source: int, target: int, start: tuple[float, float], end: tuple[float, float], tip: str
    ) -> str:
        line, head = _ARROWS[kind]
        lanes, back = self.plan.lanes, 6 if end[0] > start[0] else -6
        # It runs below the label of its row first, and crosses to the other row between two lanes.
        bend = self.lane_width - _CORRIDOR
        if end[0] > start[0]:
            turn = f"H{start[0] + bend:.0f}L{end[0] - back:.0f} {end[1]:.0f}"
        else:
            turn = f"L{end[0] + bend:.0f} {end[1]:.0f}H{end[0] - back:.0f}"
        return (
            f'<path class="arrow {line}" data-kind="{kind}" data-from="{lanes[source].process.pid}" '
            f'data-to="{lanes[target].process.pid}" marker-end="url(#{head})" '
            f'd="M{start[0]:.0f} {start[1]:.0f}{turn}"><title>{escape(clean(tip, limit=200))}</title></path>\n'
        )

    def _marks(self) -> Iterator[str]:
        for number, lane in enumerate(self.plan.lanes):
            for step in lane.steps:
                x = self._x(number)
                if step.top is not None and step.op in ENDS:
                    yield _end_mark(x, self.ys[step.top], _mark_of(lane, step)) + "\n"
                elif step.top is not None:
                    yield f'<circle class="dot" cx="{x:.0f}" cy="{self.ys[step.top]:.0f}" r="3"/>'

    def _row_texts(self) -> Iterator[str]:
        before = ""
        for row, y, (words, where) in zip(self.plan.rows, self.ys, self.labels):
            time = f"{row.time:.3f}" if self.trace.unit == "ms" else f"{row.time:.0f}"
            if row.left_out:
                continue
            if time != before:
                yield _text(_MARGIN + _GUTTER - 14, y - 1, time, "s soft r", _SMALL)
            before = time
            yield self._row_text(row, y, words, where)

    def _row_text(self, row: Row, y: float, words: str, where: str) -> str:
        x, room = self._x(row.lane) + 9, self.lane_width - 18
        where = fit(where, room * 0.6, _SMALL)
        beside = measure(where, _SMALL) + 8 if where else 0.0
        said = fit(words, room - beside)
        step = row.step
        bad = step is not None and not row.is_end and (never_returned(step.last) or _mark_of_row(self.plan, row) in _GRAVE)
        parts = _text(x, y - 5, said, "badtext b" if bad else "", beside=where)
        if step is None:
            return f"<g>{parts}</g>\n"
        tip = _about(step, self.plan.lanes[row.lane]) + (f": {words}" if said != words else "")
        return f"<g>{parts}<title>{escape(tip)}</title></g>\n"

    def _heads(self) -> Iterator[str]:
        yield _text(_MARGIN + _GUTTER - 14, self.top + 30, self.trace.unit, "s soft r", _SMALL)
        for number, lane in enumerate(self.plan.lanes):
            x, role = self._x(number) - _INSET + 2, clean(lane.process.role, limit=60)
            room = self.lane_width - 26
            yield (
                f'<g class="lane" data-pid="{lane.process.pid}"><title>{escape(f"{role} ({lane.process.pid})")}</title>'
                f'<rect class="card" x="{x:.0f}" y="{self.top:.0f}" width="{self.lane_width - 10:.0f}" height="{_HEAD - 6}" rx="6"/>'
                f"{_text(x + 9, self.top + 17, fit(role, room / 1.1), 'b flat', _SIZE * 1.1)}"
                f"{_text(x + 9, self.top + 33, fit(f'pid {lane.process.pid}', room, _SMALL), 's soft flat', _SMALL)}</g>\n"
            )

    # ---- legend

    def _legend_rows(self) -> list[list[tuple[str, str, float]]]:
        rows: list[list[tuple[str, str, float]]] = [[]]
        x = float(_MARGIN)
        for shape, words in _LEGEND:
            width = 34 + measure(words, _SMALL) + 16
            if rows[-1] and x + width > self.width - _MARGIN:
                rows.append([])
                x = _MARGIN
            rows[-1].append((shape, words, x))
            x += width
        return rows

    def _legend(self) -> Iterator[str]:
        yield '<g class="legend">'
        for i, row in enumerate(self.legend_rows):
            y = 48 + 18 * len(self.findings) + 20 * i
            for shape, words, x in row:
                yield _sample(shape, x, y) + _text(x + 34, y + 4, words, "s soft", _SMALL)
        yield "</g>\n"


# ---- marks ---------------------------------------------------------------------------------------

_GRAVE = frozenset({"killed", "failed", "zombie"})
_LEGEND = (
    ("message", "message"),
    ("fork", "fork"),
    ("wait", "end seen by wait"),
    ("signal", "signal"),
    ("bar", "waited"),
    ("never-bar", "never returned"),
    ("exit", "exit 0"),
    ("failed", "other exit"),
    ("killed", "killed by a signal"),
    ("zombie", "ended, never waited for"),
    ("still", "still there"),
)


def _mark_of(lane: Lane, step: Step) -> str:
    if step.op in ("killed", STILL):
        return "zombie" if lane.zombie else "killed" if step.op == "killed" else "still"
    if lane.zombie:
        return "zombie"
    return "exit" if ending(lane.process, step.first) in ("exit", "exit 0") else "failed"


def _mark_of_row(shown: Plan, row: Row) -> str:
    return _mark_of(shown.lanes[row.lane], row.step) if row.step is not None and row.step.op in ENDS else ""


def _end_mark(x: float, y: float, mark: str) -> str:
    shapes = {
        "exit": ("mark", f"M{x - 5:.0f} {y - 5:.0f}h10v10h-10z"),
        "failed": ("bad", f"M{x - 5:.0f} {y - 5:.0f}h10v10h-10z"),
        "killed": ("bad", f"M{x - 6:.0f} {y - 6:.0f}l12 12m0 -12l-12 12"),
        "zombie": ("bad", f"M{x:.0f} {y - 8:.0f}l8 8l-8 8l-8 -8z"),
        "still": ("hollow", f"M{x - 7:.0f} {y - 4:.0f}h14l-7 11z"),
    }
    style, path = shapes[mark]
    return f'<path class="{style}" data-end="{mark}" d="{path}"/>'


def _sample(shape: str, x: float, y: float) -> str:
    if shape in ("bar", "never-bar"):
        style, half = ("wait", 3) if shape == "bar" else ("never", 5)
        return f'<rect class="{style}" x="{x + 15 - half:.0f}" y="{y - 7:.0f}" width="{2 * half}" height="14"/>'
    if shape in _ARROWS:
        line, head = _ARROWS[shape]
        return f'<path class="arrow {line}" marker-end="url(#{head})" d="M{x:.0f} {y:.0f}h28"/>'
    return _end_mark(x + 15, y, shape).replace("data-end", "data-sample")
