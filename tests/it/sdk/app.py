"""An app for the end-to-end tests, on the published compose-sdk.

COMPOSE_API_KEY  the key of the environment
COMPOSE_HOST     name and port of the server behind TLS; without it the SDK's development mode dials localhost:8080
"""

import hashlib
import os

import compose_sdk as c
from compose_sdk import Page, UI

ROWS = [{"n": number, "word": f"row {number}"} for number in range(230)]


def everything(page: Page, ui: UI):
    pressed = []

    def press():
        pressed.append(1)
        page.toast(f"pressed {len(pressed)}")

    def save(values):
        described = [f"{f.name} {len(data)} {hashlib.sha256(data).hexdigest()}" for f in values["papers"] for data in [f.read()]]
        page.toast(f"{values['title']}: {'; '.join(described)}")

    def load(args):
        rows = [row for row in ROWS if not args["search_query"] or args["search_query"] in row["word"]]
        for rule in reversed(args["sort_by"]):
            rows = sorted(rows, key=lambda row: row[rule["key"]], reverse=rule["direction"] == "desc")
        return {"data": rows[args["offset"] : args["offset"] + args["page_size"]], "total_records": len(rows)}

    page.add(lambda: ui.stack([
        ui.text("Ahoy"),
        ui.button("press", on_click=press),
        ui.button("download", on_click=lambda: page.download(b"a,b\n1,2\n", "r\u00e9sum\u00e9.csv")),
        ui.button("log", on_click=lambda: page.log("pressed log", severity="warn", data={"id": 11})),
        ui.button("large", on_click=lambda: page.toast("x" * 3_000_000)),
    ]))
    page.add(lambda: ui.form("boat", [ui.text_input("title"), ui.file_drop("papers")], on_submit=save))
    page.add(lambda: ui.table("rows", load, columns=["n", "word"], primary_key="n"))


def other(page: Page, ui: UI):
    page.add(lambda: ui.text("the other app"))


host = os.environ.get("COMPOSE_HOST")
client = c.Client(
    api_key=os.environ["COMPOSE_API_KEY"],
    apps=[
        c.App("everything", everything, name="Everything"),
        c.App("other", other, parent_app_route="everything"),
    ],
    **({"host": host} if host else {"DANGEROUS_ENABLE_DEV_MODE": True}),
)

if __name__ == "__main__":
    client.connect()
