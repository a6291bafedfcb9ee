"""Reads metrics with Prometheus's own parser."""

from prometheus_client.parser import text_string_to_metric_families


class Samples:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        names = [family.name for family in families]
        assert len(names) == len(set(names)), "a family is given twice"
        assert all(family.documentation and family.type != "unknown" for family in families)
        samples = [sample for family in families for sample in family.samples]
        self._values = {self._key(each.name, each.labels): each.value for each in samples}
        assert len(self._values) == len(samples), "a series is given twice"

    def of(self, name: str, **labels: str) -> float | None:
        """Return a value; None: there is no such series."""
        return self._values.get(self._key(name, labels))

    def labelled(self, name: str) -> dict[tuple[str, ...], float]:
        """Return a metric's values by the values of its labels, in the order of their names."""
        return {
            tuple(value for _, value in sorted(labels)): number
            for (found, labels), number in self._values.items()
            if found == name
        }

    @property
    def names(self) -> set[str]:
        """The names of all samples."""
        return {name for name, _ in self._values}

    @staticmethod
    def _key(name: str, labels: dict[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
        return name, frozenset(labels.items())
