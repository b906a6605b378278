"""What an app can be made of, on three pages: a help desk with tickets, a form for a new one, and reports.

    pip install -r examples/requirements.txt
    COMPOSE_API_KEY=ck_dev_... python examples/showcase.py

The key is in what `compose-relay demo` prints.
"""

import csv
import datetime as dt
import io
import os
import sys

import compose_sdk as c
from compose_sdk import UI, Page

TEAMS = ["Network", "Laptops", "Accounts"]
TICKETS = [
    {"id": 1, "title": "No Wi-Fi in the kitchen", "team": "Network", "tags": ["office"], "hours": 2.5, "open": True,
     "due": dt.datetime(2026, 3, 2, 9, 0)},
    {"id": 2, "title": "New laptop for Ann", "team": "Laptops", "tags": ["purchase", "new start"], "hours": 1, "open": True,
     "due": dt.datetime(2026, 3, 5, 12, 0)},
    {"id": 3, "title": "Password forgotten", "team": "Accounts", "tags": [], "hours": 0.25, "open": False,
     "due": dt.datetime(2026, 2, 20, 17, 30)},
]

HOW_TO = """
### How we work

1. Each ticket has **one** team.
2. Close it when the person says it works, not before.

| team | answers within |
|---|---|
| Network | 1 hour |
| Laptops | 1 day |
"""


def find(row):
    return next(ticket for ticket in TICKETS if ticket["id"] == row["id"])


def tickets(page: Page, ui: UI):
    """A table with actions in each row: a modal that changes a ticket, a question before one is deleted."""

    async def edit(row):
        ticket = find(row)
        form = lambda resolve: ui.form("edit", [
            ui.select_box("team", TEAMS, initial_value=ticket["team"]),
            ui.number_input("hours", label="Hours spent", initial_value=ticket["hours"]),
            ui.checkbox("open", label="Still open", initial_value=ticket["open"]),
        ], on_submit=resolve)
        values = await page.modal(form, title=ticket["title"])
        if values is None:
            return
        ticket.update(values)
        page.update()
        page.toast("Saved", appearance="success")

    async def delete(row):
        sure = await page.confirm(title="Delete this ticket?", message=row["title"], confirm_button_label="Delete",
                                  appearance="danger")
        if sure:
            TICKETS.remove(find(row))
            page.update()
            page.toast(f"“{row['title']}” is gone", appearance="warning")

    page.add(lambda: ui.row([
        ui.statistic("Open", sum(ticket["open"] for ticket in TICKETS)),
        ui.statistic("Hours spent", sum(ticket["hours"] for ticket in TICKETS), decimals=2),
    ]))
    page.add(lambda: ui.table(
        "tickets", list(TICKETS), label="Tickets", primary_key="id",
        columns=["title", {"key": "team", "width": "110px"}, {"key": "tags", "format": "tag"},
                 {"key": "hours", "format": "number", "width": "100px"},
                 {"key": "open", "format": "boolean", "width": "90px"}, {"key": "due", "format": "datetime"}],
        actions=[{"label": "Edit", "on_click": edit, "surface": True},
                 {"label": "Delete", "on_click": delete, "appearance": "danger"}],
        views=[{"label": "All", "is_default": True},
               {"label": "Open", "filter_by": {"key": "open", "operator": "is", "value": True},
                "sort_by": [{"key": "due", "direction": "asc"}]}],
    ))
    page.add(lambda: ui.markdown(HOW_TO))


def new_ticket(page: Page, ui: UI):
    """A form with an input of most kinds, checked in the browser and here."""

    def save(values):
        TICKETS.append({
            "id": max((ticket["id"] for ticket in TICKETS), default=0) + 1, "title": values["title"], "team": values["team"],
            "tags": values["tags"], "hours": 0, "open": True, "due": dt.datetime.combine(values["day"], values["time"]),
        })
        files = ", ".join(file.name for file in values["files"] or [])
        page.toast(f"With {files}" if files else values["title"], title="Ticket taken", appearance="success")

    page.add(lambda: ui.header("A new ticket", size="lg"))
    page.add(lambda: ui.form("ticket", [
        ui.text_input("title", validate=lambda text: "Please say a little more" if len(text or "") < 5 else None),
        ui.radio_group("team", TEAMS, initial_value=TEAMS[0]),
        ui.multi_select_box("tags", ["office", "purchase", "new start", "remote"], required=False),
        ui.row([ui.date_input("day", label="Due on", initial_value=dt.date.today()),
                ui.time_input("time", label="at", initial_value=dt.time(12, 0))]),
        ui.email_input("reporter", label="Who asks", required=False),
        ui.text_area("details", required=False),
        ui.file_drop("files", label="Screenshots", required=False, max_count=3),
    ], on_submit=save, clear_on_submit=True))


def reports(page: Page, ui: UI):
    """A chart, and a file made when somebody asks for it."""

    def download():
        text = io.StringIO()
        rows = csv.DictWriter(text, TICKETS[0].keys() if TICKETS else ["id"])
        rows.writeheader()
        rows.writerows(TICKETS)
        page.download(text.getvalue().encode(), "tickets.csv")

    page.add(lambda: ui.bar_chart("hours", TICKETS, group="team", series=["hours"], label="Hours by team"))
    page.add(lambda: ui.button("download", label="Download all tickets", on_click=download))
    page.add(lambda: ui.code("SELECT team, sum(hours) FROM tickets GROUP BY team;", lang="sql", label="The same in SQL"))


MENU = c.Navigation(["tickets", "new-ticket", "reports"])
APPS = [
    c.App("tickets", tickets, name="Tickets", description="A help desk: all kinds of components", navigation=MENU),
    c.App("new-ticket", new_ticket, name="New ticket", navigation=MENU),
    c.App("reports", reports, name="Reports", navigation=MENU),
]

if __name__ == "__main__":
    key = os.environ.get("COMPOSE_API_KEY")
    if not key:
        sys.exit("Set COMPOSE_API_KEY to the API key that `compose-relay demo` prints.")
    # DANGEROUS_ENABLE_DEV_MODE: plain ws://localhost:8080; leave it out and set host= for a server with https.
    client = c.Client(api_key=key, apps=APPS, DANGEROUS_ENABLE_DEV_MODE=True)
    address = os.environ.get("COMPOSE_ADDRESS", "localhost:8080")
    if address != "localhost:8080":
        client.api.WS_URL = f"ws://{address}/api/v1/sdk/ws"
    client.connect()
