"""One app for each kind of thing that a page can show, for the end-to-end tests. What a handler got is printed as a line
`REPORT {"what": ..., "value": ...}`.

    COMPOSE_API_KEY=ck_dev_... COMPOSE_ADDRESS=127.0.0.1:8080 python example_app.py
"""

import asyncio
import base64
import datetime as dt
import hashlib
import io
import json
import os

import pandas as pd

import compose_sdk as c
from compose_sdk import UI, Page


def report(what, value):
    print("REPORT " + json.dumps({"what": what, "value": value}, default=plain), flush=True)


def plain(value):
    """Dates as ISO text with their type in front, files as name, type, size and hash."""
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return f"{type(value).__name__} {value.isoformat()}"
    if hasattr(value, "read"):
        content = value.read()
        return {"name": value.name, "type": value.type, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return repr(value)


# --------------------------------------------------------------------------
# small binary material
# --------------------------------------------------------------------------

ONE_PIXEL_PNG = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def tiny_pdf() -> bytes:
    """A valid one-page PDF, built by hand so that it stays small."""
    text = b"BT /F1 18 Tf 20 60 Td (Invoice 7) Tj ET"
    objs = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 120] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(text) + text + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets = []
    for n, body in enumerate(objs, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n" % n + body + b"\nendobj\n")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objs) + 1))
    for o in offsets:
        out.write(b"%010d 00000 n \n" % o)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objs) + 1, start))
    return out.getvalue()


BOATS = [
    {"id": 11, "name": "Heron", "berth": "A-4", "length_m": 9.5, "fee": 1250.5, "paid": True,
     "tags": ["sail", "member"], "arrived": "2024-05-02T08:30:00.000Z", "extra": {"crew": 2}},
    {"id": 12, "name": "Ibis", "berth": "A-7", "length_m": 12, "fee": 2300, "paid": False,
     "tags": "motor", "arrived": "2024-06-11T17:05:00.000Z", "extra": {"crew": 5}},
    {"id": 13, "name": "Curlew", "berth": None, "length_m": 7.25, "fee": 980, "paid": None,
     "tags": [], "arrived": None, "extra": None},
]


# --------------------------------------------------------------------------
# 1. display components
# --------------------------------------------------------------------------

def display_app(page: Page, ui: UI):
    page.add(lambda: ui.stack([
        ui.header("Harbour office"),
        ui.header("Small heading", size="sm", color="primary"),
        ui.text("Plain words"),
        ui.text(["Mixed: ", ui.text("bold part", style={"fontWeight": "bold"}), " and ", 42, " boats"]),
        ui.text(3.5, size="lg", color="danger"),
        ui.markdown("# Notes\n\n- tide at **06:10**\n- [site](https://example.org)"),
        ui.code("print('ahoy')", label="Snippet", description="Python", lang="python"),
        ui.json({"berths": [1, 2, {"free": True}], "none": None}, label="State"),
        ui.divider(),
        ui.divider(orientation="vertical", thickness="thick"),
        ui.spinner(),
        ui.spinner(text="Counting boats"),
        ui.image(ONE_PIXEL_PNG, style={"width": "40px"}),
        ui.pdf(tiny_pdf(), label="Invoice", annotations=[
            {"x1": 10, "y1": 20, "x2": 120, "y2": 60, "label": "Total", "color": "green", "appearance": "box", "page": 1}]),
    ]))
    page.add(lambda: ui.row([
        ui.statistic("Berths used", 31),
        ui.statistic("Income", 10423.5, format="currency", delta=0.125, delta_format="percent"),
        ui.statistic("Late", 0.0312, format="percent", decimals=1, delta=-3, is_positive_delta=True,
                     label_color="text-secondary", value_color="warning", description="of all boats",
                     description_color="danger", suffix=" pct", prefix="~"),
    ]))
    page.add(lambda: None)


# --------------------------------------------------------------------------
# 2. a form with each input kind
# --------------------------------------------------------------------------

def check_name(value):
    return "Name must not be 'bad'" if value == "bad" else None


def check_form(values):
    return "The form as a whole is wrong" if values.get("title") == "wrong" else None


def form_app(page: Page, ui: UI):
    def saved(values):
        report("form", values)
        page.toast("Saved " + str(sorted(values)), title="Done", appearance="success", duration="long")

    page.add(lambda: ui.form(
        "boat-form",
        [
            ui.text_input("title", validate=check_name),
            ui.email_input("owner_email", label="Owner e-mail", required=False, description="Where bills go"),
            ui.url_input("siteUrl", required=False),
            ui.number_input("length", initial_value=7.5),
            ui.password_input("secret", required=False),
            ui.text_area("notes", initial_value="two\nlines"),
            ui.json_input("config", initial_value={"a": [1, 2]}),
            ui.date_input("arrival", initial_value=dt.date(2024, 5, 2), min=dt.date(2024, 1, 1), max=dt.date(2024, 12, 31)),
            ui.time_input("slot", initial_value=dt.time(8, 30), min=dt.time(6, 0)),
            ui.datetime_input("departure", initial_value=dt.datetime(2024, 6, 11, 17, 5), required=False),
            ui.radio_group("kind", ["sail", "motor"], initial_value="sail"),
            ui.select_box("berth", [{"label": "Berth A-4", "value": {"row": "A", "n": 4}, "description": "near the gate"}, "B-1", 3, True]),
            ui.multi_select_box("services", ["water", "power", "fuel"], initial_value=["water"], min_selections=1, max_selections=2),
            ui.checkbox("agree", label="I agree", initial_value=True),
            ui.file_drop("papers", required=False, accepted_file_types=["application/pdf", "image/png"], min_count=0, max_count=2),
            ui.table("crew", [{"id": "c1", "who": "Ann"}, {"id": "c2", "who": "Bo"}], label="Crew", selectable=True,
                     primary_key="id", initial_selected_rows=["c2"], min_selections=1, max_selections=1),
        ],
        validate=check_form,
        on_submit=saved,
        clear_on_submit=True,
    ))
    page.add(lambda: ui.form("bare-form", [
        ui.text_input("only"),
        ui.submit_button("send-it", label="Send it", appearance="warning"),
    ]))
    page.add(lambda: ui.form("no-button", [ui.text_input("quiet")], hide_submit_button=True, on_submit=lambda v: None))


# --------------------------------------------------------------------------
# 3. inputs outside a form, with hooks
# --------------------------------------------------------------------------

def hooks_app(page: Page, ui: UI):
    def say(what):
        def got(v=None):
            report(what, v)
            page.toast(f"{what}: {v!r}"[:200])

        return got

    def got_files(files):
        report("drop", files)
        for f in files:
            f.seek(0)
        page.toast(", ".join(f"{f.name} {f.type} {len(f.read())}" for f in files), appearance="info", duration="short")

    def fill():
        page.set_inputs({
            "q": "filled in", "n": 5, "kind": "motor", "many": ["a", "c"], "on": True,
            "day": dt.date(2025, 2, 3), "at": dt.time(9, 15), "moment": dt.datetime(2025, 2, 3, 9, 15),
            "blob": {"x": 1}, "pick": [12],
        })

    page.add(lambda: ui.stack([
        ui.text_input("q", on_enter=say("q"), validate=lambda v: "Too short" if v and len(v) < 3 else None),
        ui.number_input("n", on_enter=say("n")),
        ui.text_area("area", on_enter=say("area"), required=False),
        ui.json_input("blob", on_enter=say("blob"), required=False),
        ui.date_input("day", on_enter=say("day"), required=False),
        ui.time_input("at", on_enter=say("at"), required=False),
        ui.datetime_input("moment", on_enter=say("moment"), required=False),
        ui.radio_group("kind", ["sail", "motor"], on_change=say("kind")),
        ui.select_box("one", ["a", "b"], on_change=say("one"), required=False),
        ui.multi_select_box("many", ["a", "b", "c"], on_change=say("many")),
        ui.checkbox("on", on_change=say("on")),
        ui.file_drop("drop", on_change=got_files),
        ui.table("pick", BOATS, columns=["name", "id"], primary_key="id", on_change=say("pick")),
        ui.button("fill", label="Fill", on_click=fill),
        ui.button("plain"),
        ui.button("delete_all", appearance="danger", on_click=lambda: page.toast("gone", appearance="error")),
    ], spacing="8px"))


# --------------------------------------------------------------------------
# 4. tables
# --------------------------------------------------------------------------

def tables_app(page: Page, ui: UI):
    page.add(lambda: ui.table("plain", BOATS))
    page.add(lambda: ui.table("no-rows", []))
    page.add(lambda: ui.table(
        "full", BOATS,
        label="Boats", description="All of them",
        columns=[
            "name",
            {"key": "fee", "label": "Fee", "format": "currency", "pinned": "left", "width": "120px"},
            {"key": "paid", "format": "boolean", "hidden": True},
            {"key": "tags", "format": "tag", "tag_colors": {"green": "member", "blue": ["sail", "motor"], "_default": "gray"}},
            {"key": "arrived", "format": "datetime", "overflow": "clip"},
            {"key": "extra", "format": "json"},
        ],
        primary_key="id",
        selectable=True, max_selections=2, selection_return_type="id",
        overflow="dynamic", density="compact", sortable="single", filterable=False, searchable=False,
        actions=[
            {"label": "Open", "on_click": lambda row: page.toast("open " + str(row["name"])), "surface": True},
            {"label": "Delete", "on_click": lambda row, idx: page.toast(f"del {row['id']} at {idx}"), "appearance": "danger"},
        ],
    ))
    page.add(lambda: ui.table(
        "views", BOATS, columns=["name", "fee", "paid", "arrived"],
        views=[
            {"label": "Unpaid", "description": "owing", "is_default": True,
             "filter_by": {"logic_operator": "and", "filters": [
                 {"key": "paid", "operator": "is_not", "value": True},
                 {"key": "fee", "operator": "greater_than_or_equal", "value": 1000}]},
             "sort_by": [{"key": "fee", "direction": "desc"}, {"key": "name", "direction": "asc"}],
             "density": "comfortable", "overflow": "clip",
             "columns": {"arrived": {"hidden": True}, "name": {"pinned": "left"}}},
            {"label": "By word", "search_query": "her"},
        ],
    ))
    page.add(lambda: ui.dataframe("frame", pd.DataFrame({"port": ["Oslo", "Cork"], "depth": [9.5, 7.0]})))


ROWS = [{"n": i, "word": f"row {i}", "even": i % 2 == 0} for i in range(230)]


def paged_app(page: Page, ui: UI):
    def load(args):
        rows = ROWS
        if args["search_query"]:
            rows = [r for r in rows if args["search_query"] in r["word"]]
        for rule in reversed(args["sort_by"]):
            rows = sorted(rows, key=lambda r: r[rule["key"]], reverse=rule["direction"] == "desc")
        part = rows[args["offset"]: args["offset"] + args["page_size"]]
        return {"data": part[:6], "total_records": len(rows)}  # six rows: keeps the dump small

    page.add(lambda: ui.table("auto", ROWS[:8], paginate=True))
    page.add(lambda: ui.table(
        "manual", load, columns=["n", "word", {"key": "even", "format": "boolean"}],
        primary_key="n", searchable=True, sortable=True, filterable=True, selectable=True, selection_return_type="id",
        actions=[{"label": "Look", "on_click": lambda row: page.toast(str(row))}],
        views=[{"label": "Big first", "sort_by": [{"key": "n", "direction": "desc"}], "is_default": True}],
    ))
    page.add(lambda: ui.table("manual-plain", load))
    page.add(lambda: ui.button("again", on_click=lambda: page.update()))


def long_app(page: Page, ui: UI):
    page.add(lambda: ui.table("rows", ROWS, columns=["n", "word"], paginate=False))


# --------------------------------------------------------------------------
# 5. charts
# --------------------------------------------------------------------------

SALES = [
    {"month": "Jan", "north": 4, "south": 2, "who": "ann"},
    {"month": "Jan", "north": 1, "south": 7, "who": "bo"},
    {"month": "Feb", "north": 3, "south": 0, "who": "ann"},
]


def charts_app(page: Page, ui: UI):
    page.add(lambda: ui.bar_chart("by-month", SALES, group="month", series=["north", "south"], label="Sales", description="thousands"))
    page.add(lambda: ui.bar_chart("wide", SALES, group="who", aggregate="average", orientation="horizontal",
                                  group_mode="grouped", scale="symlog",
                                  series=[{"value": "north", "label": "North"}, {"value": lambda r: r["south"] * 2}]))
    page.add(lambda: ui.bar_chart("bare", [{"group": "x", "v": 1}, {"group": "y", "v": 2}]))
    page.add(lambda: ui.bar_chart("empty", []))


# --------------------------------------------------------------------------
# 6. layouts
# --------------------------------------------------------------------------

def layouts_app(page: Page, ui: UI):
    page.add(lambda: ui.stack([ui.text("a"), ui.text("b")], direction="horizontal-reverse", justify="evenly",
                              align="baseline", spacing="4px", responsive=False, style={"padding": "8px"}))
    page.add(lambda: ui.row(ui.text("single child, not a list")))
    page.add(lambda: ui.distributed_row([ui.header("Left"), ui.button("right")]))
    page.add(lambda: ui.card([ui.text("inside a card")]))
    page.add(lambda: ui.cond(True, true=ui.text("yes"), false=ui.text("no")))
    page.add(lambda: ui.cond(False, true=ui.text("only when true")))
    page.add(lambda: ui.for_each(["x", "y"], lambda item, i: ui.text(f"{i}{item}")))


# --------------------------------------------------------------------------
# 7. page actions
# --------------------------------------------------------------------------

def actions_app(page: Page, ui: UI):
    page.set({"width": "60rem", "padding_x": "2rem", "spacing_y": "1rem", "padding_bottom": "3rem"})

    async def ask_plain():
        answer = await page.confirm()
        page.toast(f"plain: {answer}")

    async def ask_full():
        answer = await page.confirm(title="Sink it?", message="This cannot be undone.", type_to_confirm_text="sink",
                                    confirm_button_label="Sink", cancel_button_label="Keep", appearance="danger")
        page.toast(f"full: {answer}", appearance="warning", duration="infinite")

    async def open_modal():
        value = await page.modal(lambda resolve: ui.stack([
            ui.text("In the modal"),
            ui.text_input("inner", on_enter=lambda v: resolve(v)),
            ui.button("close-it", on_click=lambda: resolve("closed by button")),
        ]), title="A question", width="lg")
        page.toast(f"modal gave {value!r}")

    def busy():
        page.loading(True, text="Working", disable_interaction=True)
        page.loading(True, text="Nearly")
        page.loading(False)

    def boom():
        raise RuntimeError("boiler broke")

    page.add(lambda: ui.stack([
        ui.button("ask-plain", on_click=ask_plain),
        ui.button("ask-full", on_click=ask_full),
        ui.button("open-modal", on_click=open_modal),
        ui.button("busy", on_click=busy),
        ui.button("link-app", on_click=lambda: page.link("display", params={"boat": 11, "q": "a b"})),
        ui.button("link-out", on_click=lambda: page.link("https://example.org/x", new_tab=True)),
        ui.button("reload", on_click=lambda: page.reload()),
        ui.button("download", on_click=lambda: page.download(b"a,b\n1,2\n", "r\u00e9sum\u00e9.csv")),
        ui.button("log", on_click=lambda: page.log("boat looked at", severity="warn", data={"id": 11})),
        ui.button("boom", on_click=boom),
        ui.text(f"params: {dict(page.params)}"),
    ]))


# --------------------------------------------------------------------------
# 8. updates (diffs)
# --------------------------------------------------------------------------

def update_app(page: Page, ui: UI):
    st = {"n": 0, "rows": [{"k": 1}], "show": False}

    def bump():
        st["n"] += 1
        st["show"] = not st["show"]
        st["rows"].append({"k": st["n"] + 1})
        page.update()

    def swap():
        st["n"] = 100
        page.update()

    def view():
        kids = [
            ui.text(f"count {st['n']}"),
            ui.text_input("name", initial_value="start", description=f"seen {st['n']}"),
            ui.table("t", list(st["rows"]), columns=["k"]),
        ]
        if st["show"]:
            kids.append(ui.card([ui.text("now you see me"), ui.form("f2", [ui.text_input("late")])]))
            kids.append(ui.table("late-table", [{"z": 1}], columns=["z"]))
        kids.append(ui.button("bump", on_click=bump))
        kids.append(ui.button("swap", on_click=swap))
        if st["n"] >= 2:
            kids.append(ui.table("appended", [{"z": 1}], columns=["z"]))
            kids.append(ui.card([ui.table("nested", [{"y": 1}], columns=["y"])]))
        return ui.stack(kids)

    page.add(view)
    page.add(lambda: ui.text("big") if st["n"] >= 100 else ui.header("small"))


def moving_app(page: Page, ui: UI):
    """An input that goes into a card and out again, at each Enter."""
    st = {"inside": False}

    def move(_):
        st["inside"] = not st["inside"]
        page.update()

    def view():
        field = ui.text_input("wanderer", on_enter=move)
        if st["inside"]:
            return ui.stack([ui.text("inside"), ui.card([field])])
        return ui.stack([field, ui.text("outside")])

    page.add(view)


def broken_app(page: Page, ui: UI):
    page.add(lambda: ui.stack([ui.text_input("same"), ui.text_input("same")]))


async def slow_app(page: Page, ui: UI):
    # Not `time.sleep`: that would hold up the SDK's own loop too, and the server would take the program for gone.
    await asyncio.sleep(3600)


def empty_app(page: Page, ui: UI):
    page.add(lambda: ui.stack([ui.table("boats", [], columns=["name", "berth"]), ui.bar_chart("sales", [])]))


def crash_app(page: Page, ui: UI):
    raise ValueError("handler failed")


nav = c.Navigation(["display", "tables"], logo_url="https://example.org/logo.svg")

client = c.Client(
    api_key=os.environ["COMPOSE_API_KEY"],
    apps=[
        c.App("display", display_app, name="Display pieces", description="Everything that only shows", navigation=nav),
        c.App("form", form_app),
        c.App("hooks", hooks_app),
        c.App("tables", tables_app, navigation=nav),
        c.App("paged", paged_app),
        c.App("long", long_app, hidden=True),
        c.App("charts", charts_app),
        c.App("layouts", layouts_app, hidden=True),
        c.App("actions", actions_app),
        c.App("update", update_app, parent_app_route="display"),
        c.App("moving", moving_app, hidden=True),
        c.App("broken", broken_app),
        c.App("crash", crash_app),
        c.App("slow", slow_app, hidden=True),
        c.App("empty", empty_app, hidden=True),
    ],
    # Without a theme of its own an app is light or dark, as its user wants it.
    theme=None if os.environ.get("UNTHEMED") else {"text_color": "#102030", "background_color": "#fafafa", "primary_color": "#0066cc"},
    DANGEROUS_ENABLE_DEV_MODE=True,
)

if __name__ == "__main__":
    client.api.WS_URL = f"ws://{os.environ['COMPOSE_ADDRESS']}/api/v1/sdk/ws"
    client.connect()
