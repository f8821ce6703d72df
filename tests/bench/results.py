"""What the benchmark has measured: samples by table, subject and column; medians and ratios as text and JSON. Measures nothing."""

import json
import statistics


class Table:
    """Rows are subjects, columns are measures. A ratio is to the row `base`, the median of the ratios of each repeat, because what
    the machine does besides then weighs on both sides alike."""

    def __init__(self, key, title, unit, base=None):
        self.key, self.title, self.unit, self.base = key, title, unit, base
        self.columns, self.samples, self.notes = [], {}, []
        self.apart = set()

    def add(self, subject, column, value, compare=True):
        """compare=False: a column without ratios."""
        if not compare:
            self.apart.add(column)
        if column not in self.columns:
            self.columns.append(column)
        self.samples.setdefault(subject, {}).setdefault(column, []).append(value)

    def note(self, text):
        """Something that the reader must know; each once."""
        if text not in self.notes:
            self.notes.append(text)

    def values(self, subject, column):
        return self.samples.get(subject, {}).get(column, [])

    def median(self, subject, column):
        values = self.values(subject, column)
        return statistics.median(values) if values else None

    def ratio(self, subject, column):
        ours, theirs = self.values(subject, column), self.values(self.base, column)
        if subject == self.base or column in self.apart or not ours or not theirs or not all(theirs):
            return None
        if len(ours) != len(theirs):
            return statistics.median(ours) / statistics.median(theirs)
        return statistics.median(mine / other for mine, other in zip(ours, theirs))

    def cell(self, subject, column):
        values = self.values(subject, column)
        if not values:
            return "-"
        shown = number(statistics.median(values))
        ratio = self.ratio(subject, column)
        return shown if ratio is None else f"{shown} ({ratio:.2f})"

    def text(self):
        head = ["", *self.columns]
        rows = [[subject, *(self.cell(subject, column) for column in self.columns)] for subject in self.samples]
        widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]

        def line(cells):
            return "| " + " | ".join(cell.ljust(width) if n == 0 else cell.rjust(width)
                                     for n, (cell, width) in enumerate(zip(cells, widths))) + " |"
        rule = "|" + "|".join("-" * (width + 1) + ("-" if n == 0 else ":") for n, width in enumerate(widths)) + "|"
        ratios = f"; in parentheses the ratio to: {self.base}" if self.base in self.samples else ""
        return "\n".join([f"{self.title} ({self.unit}{ratios})", "", line(head), rule, *map(line, rows),
                          *(["", *(f"- {note}" for note in self.notes)] if self.notes else [])])

    def document(self):
        return {"table": self.key, "title": self.title, "unit": self.unit, "base": self.base, "notes": self.notes, "rows": [
            {"subject": subject, "measure": column, "median": self.median(subject, column), "ratio": self.ratio(subject, column),
             "values": self.values(subject, column)}
            for subject in self.samples for column in self.columns if self.values(subject, column)]}


class Results:
    def __init__(self):
        self.tables = {}
        self.about = {}
        self.versions = {}
        self.missing = []
        self.wrong = []

    def table(self, key, title, unit, base=None):
        return self.tables.setdefault(key, Table(key, title, unit, base))

    def text(self):
        about = [f"{key}: {value}" for key, value in self.about.items()]
        about.append("versions: " + ", ".join(f"{name} {version}" for name, version in sorted(self.versions.items())))
        about += [f"left out, because it is missing: {what}" for what in self.missing]
        parts = ["\n".join(about), *(table.text() for table in self.tables.values() if table.samples or table.notes)]
        if self.wrong:
            parts.append("\n".join(f"WRONG: {what}" for what in self.wrong))
        return "\n\n".join(parts)

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({
            **self.about, "versions": self.versions, "missing": self.missing, "wrong": self.wrong,
            "tables": [table.document() for table in self.tables.values()]}, indent=1) + "\n")


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
