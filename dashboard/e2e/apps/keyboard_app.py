"""Apps for the tests that have no mouse. What a handler got is printed as a line `REPORT {"what": ..., "value": ...}`."""

import datetime as dt
import json
import os

import compose_sdk as c
from compose_sdk import UI, Page


def report(what, value):
    print("REPORT " + json.dumps({"what": what, "value": value}, default=plain), flush=True)


def plain(value):
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    return value.name


def heard(what):
    return lambda value=None: report(what, value)


BERTHS = [
    {"label": "Berth A-4", "value": "A-4", "description": "near the gate"},
    {"label": "Berth B-1", "value": "B-1", "description": "deep water"},
    {"label": "Berth C-9", "value": "C-9"},
]


def inputs(page: Page, ui: UI):
    async def ask():
        answer = await page.modal(lambda resolve: ui.stack([
            ui.select_box("inner_berth", BERTHS, required=False),
            ui.date_input("inner_day", initial_value=dt.date(2024, 2, 28), required=False),
            ui.button("done", on_click=lambda: resolve("done")),
        ]), title="Inside")
        report("modal", answer)

    page.add(lambda: ui.stack([
        ui.select_box("berth", BERTHS, on_change=heard("berth"), required=False),
        ui.select_box("port", [f"Port {n:03}" for n in range(200)], on_change=heard("port")),
        ui.multi_select_box("services", ["water", "power", "fuel"], on_change=heard("services"), required=False),
        ui.date_input("day", initial_value=dt.date(2024, 2, 28), on_enter=heard("day"), required=False),
        ui.time_input("at", initial_value=dt.time(8, 30), on_enter=heard("at"), required=False),
        ui.radio_group("kind", ["sail", "motor", "oar"], on_change=heard("kind")),
        ui.checkbox("paid", on_change=heard("paid")),
        ui.file_drop("papers", on_change=heard("papers"), required=False),
        ui.button("ask", on_click=ask),
    ]))


ROWS = [{"n": n, "boat": f"Boat {n}", "fee": n * 10} for n in range(200)]


def table(page: Page, ui: UI):
    page.add(lambda: ui.table(
        "boats", ROWS, label="Boats", primary_key="n", paginate=False, selectable=True, selection_return_type="id",
        on_change=heard("picked"), style={"height": "400px"},
        actions=[
            {"label": "Open", "on_click": lambda row: report("opened", row["n"]), "surface": True},
            {"label": "Rename", "on_click": lambda row: report("renamed", row["n"])},
            {"label": "Scrap", "on_click": lambda row: report("scrapped", row["n"]), "appearance": "danger"},
        ],
    ))


def paged(page: Page, ui: UI):
    def load(args):
        return {"data": ROWS[args["offset"]: args["offset"] + args["page_size"]], "total_records": len(ROWS)}

    page.add(lambda: ui.table("boats", load, label="Boats", primary_key="n"))


client = c.Client(
    api_key=os.environ["COMPOSE_API_KEY"],
    apps=[c.App("inputs", inputs), c.App("table", table), c.App("paged", paged)],
    DANGEROUS_ENABLE_DEV_MODE=True,
)

if __name__ == "__main__":
    client.api.WS_URL = f"ws://{os.environ['COMPOSE_ADDRESS']}/api/v1/sdk/ws"
    client.connect()
