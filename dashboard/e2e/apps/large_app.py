"""Much data at once: a table of 100,000 rows.

    COMPOSE_API_KEY=ck_dev_... COMPOSE_ADDRESS=127.0.0.1:8080 python large_app.py
"""

import os

import compose_sdk as c
from compose_sdk import UI, Page

ROWS = [{"n": i, "word": f"row {i}", "fee": i * 1.25, "paid": i % 3 == 0} for i in range(100_000)]


def rows(page: Page, ui: UI):
    page.add(lambda: ui.table("rows", ROWS, paginate=False))


client = c.Client(
    api_key=os.environ["COMPOSE_API_KEY"],
    apps=[c.App("rows", rows)],
    DANGEROUS_ENABLE_DEV_MODE=True,
)

if __name__ == "__main__":
    client.api.WS_URL = f"ws://{os.environ['COMPOSE_ADDRESS']}/api/v1/sdk/ws"
    client.connect()
