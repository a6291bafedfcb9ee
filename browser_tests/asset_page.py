"""An asset's pages in the Dagster UI, by what a person sees and presses there."""

from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class AssetPage:
    """One asset in one tab of the browser.

    Attributes:
        page: the tab; relative addresses lead to the UI.
        asset: the asset's name.
    """

    page: Page
    asset: str

    def open_partition(self, key: str) -> None:
        """Show one partition, and wait until its latest event is there."""
        self.page.goto(f"/assets/{self.asset}?view=partitions&partition={quote(key)}")
        expect(self.page.get_by_text("View all historical events")).to_be_enabled()

    def open_check(self, name: str) -> None:
        """Show the latest result of one of its checks."""
        self.page.goto(f"/assets/{self.asset}?view=checks&checkDetail={name}")
        expect(self.page.get_by_text("Evaluation result")).to_be_visible()

    def metadata(self, label: str) -> Locator:
        """Return the value beside this label."""
        row = self.page.get_by_role("row").filter(
            has=self.page.get_by_role("cell", name=label, exact=True)
        )
        return row.get_by_role("cell").nth(1)

    def open_dialog(self) -> Locator:
        """Press *Materialize*; return the dialog in which partitions are chosen."""
        self.page.get_by_role("button", name="Materialize…").click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog.get_by_text("Partition selection")).to_be_visible()
        return dialog

    def materialize(self, key: str) -> None:
        """Materialize one partition through the dialog, and wait until its run has succeeded."""
        self.open_partition(key)
        self.open_dialog().get_by_role("button", name="Launch 1 run").click()
        launched = self.page.locator("a[href^='/runs/']").filter(has_text="View")
        self.page.goto(launched.first.get_attribute("href") or "")
        expect(self.page.get_by_text("Success", exact=True).first).to_be_visible()
