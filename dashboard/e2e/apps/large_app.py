"""Much data at once: a table of 100,000 rows, and a page whose one render is a megabyte.

    COMPOSE_API_KEY=ck_dev_... COMPOSE_ADDRESS=127.0.0.1:8080 python large_app.py
"""

import os

import compose_sdk as c
from compose_sdk import UI, Page

ROWS = [{"n": i, "word": f"row {i}", "fee": i * 1.25, "paid": i % 3 == 0} for i in range(100_000)]


def rows(page: Page, ui: UI):
    page.add(lambda: ui.table("rows", ROWS, paginate=False))


NOTE = "## Day {}\n\n" + "- the tide was **high** at noon, see [the log](https://example.org)\n" * 10
MIXED = [{"n": i, "word": f"row {i}", "note": "lorem ipsum " * 30, "fee": i * 1.25, "paid": i % 3 == 0} for i in range(2_000)]
TREE = [{"id": i, "tags": ["a", "b"], "place": {"x": i, "y": -i}} for i in range(2_500)]


def megabyte(page: Page, ui: UI):
    """A table (about 800 kB), a JSON tree (150 kB) and twenty notes (20 kB), sent when the button is pressed."""
    shown = []

    def show():
        shown.append(True)
        page.add(lambda: ui.stack([
            ui.header(f"Render {len(shown)}"),
            ui.table("mixed", MIXED, paginate=False),
            ui.json(TREE),
            *[ui.markdown(NOTE.format(day)) for day in range(20)],
            ui.text(f"End of render {len(shown)}"),
        ]))

    page.add(lambda: ui.button("show", on_click=show))


client = c.Client(
    api_key=os.environ["COMPOSE_API_KEY"],
    apps=[c.App("rows", rows), c.App("megabyte", megabyte)],
    DANGEROUS_ENABLE_DEV_MODE=True,
)

if __name__ == "__main__":
    client.api.WS_URL = f"ws://{os.environ['COMPOSE_ADDRESS']}/api/v1/sdk/ws"
    client.connect()
