"""A small app for a coffee roaster: figures, a chart, a table with a button in each row, and a form.

    pip install -r examples/requirements.txt
    COMPOSE_API_KEY=ck_dev_... python examples/coffee.py

The key is in what `compose-relay demo` prints.
"""

import os
import sys

import compose_sdk as c
from compose_sdk import UI, Page

BEANS = [
    {"id": 1, "name": "Huila", "origin": "Colombia", "kilos": 42, "price": 17.5},
    {"id": 2, "name": "Sidamo", "origin": "Ethiopia", "kilos": 8, "price": 19.0},
    {"id": 3, "name": "Mandheling", "origin": "Indonesia", "kilos": 23, "price": 15.25},
    {"id": 4, "name": "Yirgacheffe", "origin": "Ethiopia", "kilos": 31, "price": 21.0},
]
SACK = 60  # kilos


def stock(page: Page, ui: UI):
    """What is in the store room, and what to do about it."""

    def order(bean):
        known = next(b for b in BEANS if b["id"] == bean["id"])
        known["kilos"] += SACK
        page.update()
        page.toast(f"{SACK} kg of {known['name']} ordered", appearance="success")

    def roast():
        for bean in BEANS:
            bean["kilos"] = max(0, bean["kilos"] - 5)
        page.update()
        page.toast("5 kg of each bean went into the roaster")

    page.add(lambda: ui.distributed_row([
        ui.header("Store room", size="lg"),
        ui.button("roast", label="Roast a batch", on_click=roast),
    ]))
    page.add(lambda: ui.row([
        ui.statistic("In stock", sum(b["kilos"] for b in BEANS), suffix=" kg"),
        ui.statistic("Worth", sum(b["kilos"] * b["price"] for b in BEANS), format="currency"),
        ui.statistic("Running low", sum(b["kilos"] < 10 for b in BEANS), description="under 10 kg"),
    ]))
    page.add(lambda: ui.bar_chart("kilos", BEANS, group="name", series=["kilos"], label="Kilos by bean"))
    page.add(lambda: ui.table(
        "beans",
        BEANS,
        label="Beans",
        primary_key="id",
        columns=["name", "origin", {"key": "kilos", "label": "Stock (kg)"}, {"key": "price", "format": "currency"}],
        actions=[{"label": "Order a sack", "on_click": order, "surface": True}],
    ))


def new_bean(page: Page, ui: UI):
    """Takes a new sort of bean into the list."""

    def check(values):
        taken = {b["name"].lower() for b in BEANS}
        return "This bean is in the list already" if (values["name"] or "").lower() in taken else None

    def save(values):
        BEANS.append({
            "id": max(b["id"] for b in BEANS) + 1,
            "name": values["name"],
            "origin": values["origin"],
            "kilos": values["kilos"] or 0,
            "price": values["price"],
        })
        page.toast(f"{values['name']} is in the list", title="Saved", appearance="success")

    page.add(lambda: ui.header("A new bean", size="lg"))
    page.add(lambda: ui.form(
        "bean",
        [
            ui.text_input("name"),
            ui.select_box("origin", ["Brazil", "Colombia", "Ethiopia", "Indonesia", "Kenya"]),
            ui.number_input("kilos", label="Stock (kg)", required=False),
            ui.number_input("price", label="Price per kilo"),
        ],
        validate=check,
        on_submit=save,
        clear_on_submit=True,
    ))


MENU = c.Navigation(["stock", "new-bean"])
APPS = [
    c.App("stock", stock, name="Stock", description="What is in the store room", navigation=MENU),
    c.App("new-bean", new_bean, name="New bean", navigation=MENU),
]
THEME = {"text_color": "#2b1d14", "background_color": "#fdfaf6", "primary_color": "#9a5b2c"}

if __name__ == "__main__":
    key = os.environ.get("COMPOSE_API_KEY")
    if not key:
        sys.exit("Set COMPOSE_API_KEY to the API key that `compose-relay demo` prints.")
    # DANGEROUS_ENABLE_DEV_MODE: plain ws://localhost:8080; leave it out and set host= for a server with https.
    client = c.Client(api_key=key, apps=APPS, theme=THEME, DANGEROUS_ENABLE_DEV_MODE=True)
    address = os.environ.get("COMPOSE_ADDRESS", "localhost:8080")
    if address != "localhost:8080":
        client.api.WS_URL = f"ws://{address}/api/v1/sdk/ws"
    client.connect()
