// Every state that a page can be in, one after the other: for the eye (`states.shots.ts`) and for axe-core (`states.audit.ts`).
import type { Page } from "@playwright/test";
import { choose, expect, signIn, test } from "./test";

export type Visit = (page: Page, name: string) => Promise<void>;

/** Declares the tests that bring pages into each state; `visit` is called when it is there. */
export function everyState(visit: Visit): void {
  test.use({ outages: true, themed: false });

  test("home and the ways in", async ({ page, stranger, sdk: _ }) => {
    await page.goto("/home");
    await expect(page.getByRole("link", { name: "Form" })).toBeVisible();
    await visit(page, "home");
    await page.getByRole("searchbox").fill("nothing of that name");
    await expect(page.getByText("No app matches")).toBeVisible();
    await visit(page, "home-no-match");
    await page.goto("/no-such-page");
    await expect(page.getByRole("heading").first()).toBeVisible();
    await visit(page, "not-found");
    for (const [path, name] of [
      ["/auth/login", "sign-in"],
      ["/auth/signup", "sign-up"],
    ] as const) {
      await stranger.goto(path);
      await expect(stranger.getByRole("heading").first()).toBeVisible();
      await visit(stranger, name);
    }
  });

  for (const [route, text] of [
    ["display", "Harbour office"],
    ["form", "Owner e-mail"],
    ["hooks", "Delete all"],
    ["tables", "Heron"],
    ["paged", "row 229"],
    ["charts", "Sales"],
    ["layouts", "inside a card"],
    ["actions", "Ask plain"],
    ["update", "count 0"],
    ["empty", "There is nothing to show yet."],
    ["crash", "handler failed"],
    ["broken", "same"],
  ] as const) {
    test(`app ${route}`, async ({ page, sdk: _, app }) => {
      await page.goto(app(route));
      await expect(page.getByText(text).first()).toBeVisible();
      await expect(page.locator('div[data-type][aria-hidden="true"]')).toHaveCount(0);
      await expect(page.getByText("Opening the PDF…")).toHaveCount(0);
      await visit(page, `app-${route}`);
    });
  }

  test("forms: wrong fields, open lists, files, leaving", async ({ page, sdk: _, app }) => {
    await page.goto(app("form"));
    const form = page.locator("form").first();
    await form.getByRole("button", { name: "Submit" }).click();
    await expect(form.getByLabel("Title")).toHaveAttribute("aria-invalid", "true");
    await visit(page, "form-wrong");
    const paper = { name: "a very long name of a file that has to go somewhere.pdf", mimeType: "application/pdf" };
    const files = form.locator('input[type="file"]');
    await files.setInputFiles([
      { ...paper, buffer: Buffer.alloc(123_456) },
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x") },
    ]);
    await expect(form.getByText("notes.txt").first()).toBeVisible();
    await visit(page, "form-files");
    // As in `choose`: a late scroll closes a list.
    await expect(async () => {
      await form.getByRole("button", { name: /Berth/ }).click();
      await expect(page.getByRole("option").first()).toBeVisible({ timeout: 5_000 });
    }).toPass();
    await visit(page, "form-list-open");
    await page.keyboard.press("Escape");
    await form
      .getByRole("button", { name: /calendar/i })
      .first()
      .click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await visit(page, "form-calendar");
    await page.keyboard.press("Escape");
    await form.getByLabel("Title").fill("mine");
    await expect(async () => {
      await form.getByRole("combobox", { name: /Services/ }).click();
      await expect(page.getByRole("option").first()).toBeVisible({ timeout: 5_000 });
    }).toPass();
    await visit(page, "form-choices-open");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /App menu/ }).click();
    await expect(page.getByRole("dialog", { name: "App menu" })).toBeVisible();
    await visit(page, "app-menu");
    await page.getByRole("link", { name: "Home" }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
    await visit(page, "leave");
    await page.getByRole("button", { name: "Leave" }).click();
    await expect(page).toHaveURL(/\/home$/);
  });

  test("tables: filter, views, columns, export, selection", async ({ page, sdk: _, app }) => {
    await page.goto(app("tables"));
    await expect(page.getByText("Heron").first()).toBeVisible();
    for (const [button, name] of [
      ["Filter", "table-filter"],
      ["Columns", "table-columns"],
      ["Export", "table-export"],
      ["Sort", "table-sort"],
    ] as const) {
      const opener = page.getByRole("button", { name: button }).first();
      if ((await opener.count()) === 0) continue;
      await opener.click();
      await expect(page.getByRole("dialog").or(page.getByRole("menu")).first()).toBeVisible();
      if (button === "Filter") {
        const panel = page.getByRole("dialog", { name: "Filter" });
        await choose(page, panel.getByRole("button", { name: /Column/ }), "Fee");
      }
      await visit(page, name);
      await page.keyboard.press("Escape");
    }
    await page.getByRole("searchbox").first().fill("nothing of that name");
    await expect(page.getByText("No row fits the search and the filters.")).toBeVisible();
    await visit(page, "table-no-match");
  });

  test("questions, dialogs, messages, errors", async ({ page, sdk: _, app }) => {
    await page.goto(app("actions"));
    await page.getByRole("button", { name: "Ask plain" }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
    await visit(page, "confirm");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Ask full" }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
    await visit(page, "confirm-typed");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Open modal" }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await visit(page, "modal");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Boom" }).click();
    await expect(page.getByText("boiler broke").first()).toBeVisible();
    await page.getByText("Where it happened").click();
    await visit(page, "failed");
  });

  test("connecting, slow", async ({ page, sdk: _, app }) => {
    // The socket opens and nobody says anything.
    await page.routeWebSocket(/browser\/ws/, () => {});
    await page.goto(app("form"));
    await expect(page.getByText("Connecting to the app’s server…").first()).toBeVisible();
    await visit(page, "connecting");
    await page.unrouteAll();
    await page.goto("about:blank");
    const fresh = await page.context().newPage();
    await fresh.goto(app("slow"));
    await expect(fresh.getByText("The app is starting…").first()).toBeVisible();
    await visit(fresh, "starting");
    await expect(fresh.getByText("Still working.").first()).toBeVisible();
    await visit(fresh, "slow");
  });

  test("parts that cannot be loaded", async ({ page, sdk: _, app }) => {
    await page.route(/\/assets\/(SelectInput|DateInput|Table|FileDrop)-/, (route) => route.abort("connectionrefused"));
    await page.goto(app("form"));
    await expect(page.getByText("This part could not be loaded").first()).toBeVisible();
    await visit(page, "part-away");
  });

  test("a page that cannot be loaded", async ({ page, sdk: _, app }) => {
    await page.route(/\/assets\/AppPage-/, (route) => route.abort("connectionrefused"));
    await page.goto(app("form"));
    await expect(page.getByText("This part could not be loaded")).toBeVisible();
    await visit(page, "page-away");
  });

  test("the browser is offline", async ({ page, sdk: _, app, context }) => {
    await page.goto(app("form"));
    await expect(page.getByText("Owner e-mail")).toBeVisible();
    await context.setOffline(true);
    await expect(page.getByText("You are offline").first()).toBeVisible();
    await visit(page, "offline");
    await context.setOffline(false);
  });

  test("access: none, taken away, signed out, no such app, no answer", async ({
    page,
    stranger,
    sdk: _,
    app,
    owner,
    relay,
    provider,
  }) => {
    const share = (appRoute: string) =>
      owner.api("POST", "/api/v1/external-app-user", {
        email: "visitor@example.com",
        environmentId: relay.environment,
        appRoute,
      });
    await share("charts");
    await share("hooks");
    await stranger.goto(app("form"));
    await expect(stranger).toHaveURL(/\/auth\/login/);
    await expect(stranger.getByRole("heading").first()).toBeVisible();
    await visit(stranger, "sign-in-for-app");
    await signIn(stranger, provider, "visitor@example.com", app("charts"));
    await stranger.goto(app("form"));
    await expect(stranger.getByRole("heading", { name: "You have no access to this app" })).toBeVisible();
    await visit(stranger, "refused");
    await stranger.goto(app("hooks"));
    await expect(stranger.getByRole("textbox", { name: "Q" })).toBeVisible();
    const shares = (await owner.api("POST", "/api/v1/external-app-user-for-app", {
      environmentId: relay.environment,
      appRoute: "hooks",
    })) as { id: string; email: string }[];
    await owner.api(
      "DELETE",
      `/api/v1/external-app-user/${shares.find((found) => found.email.startsWith("visitor"))?.id}`,
      {},
    );
    await expect(stranger.getByRole("heading", { name: "You no longer have access to this app" })).toBeVisible();
    await visit(stranger, "lost-access");
    await page.goto(app("nothing"));
    await expect(page.getByRole("heading", { name: "There is no such app" })).toBeVisible();
    await visit(page, "unknown");
    await page.route("**/api/v1/initialize-environment-and-authorize-app", (route) => route.abort("connectionrefused"));
    await page.routeWebSocket(/browser\/ws/, (socket) => socket.close());
    await page.goto(app("form"));
    await expect(page.getByRole("heading", { name: "The server cannot be reached" })).toBeVisible();
    await visit(page, "unreachable");
  });

  test("the program and the server are away", async ({ page, relay, sdk, app }) => {
    await page.goto(app("form"));
    await page.locator("form").first().getByLabel("Title").fill("typed before");
    await expect(page.locator('div[data-type][aria-hidden="true"]')).toHaveCount(0);
    await sdk.stop();
    await expect(page.getByText("You can read on").first()).toBeVisible();
    await visit(page, "program-away");
    const fresh = await page.context().newPage();
    await fresh.goto(app("form"));
    await expect(fresh.getByRole("heading", { name: "The app’s server is not connected" })).toBeVisible();
    await visit(fresh, "program-not-there");
    const home = await page.context().newPage();
    await home.goto("/home");
    await expect(home.getByText("Offline", { exact: true })).toBeVisible();
    await visit(home, "home-offline");
    await sdk.start();
    await expect(page.getByText("You can read on")).toHaveCount(0);
    await relay.stop();
    await expect(page.getByText("The server is being updated").first()).toBeVisible();
    await visit(page, "updating");
    await sdk.connectedAgain(() => relay.start());
    await expect(page.getByText("The server is being updated")).toHaveCount(0);
    await sdk.connectedAgain(async () => {
      await relay.kill();
      await expect(page.getByText("Connection lost").first()).toBeVisible();
      await visit(page, "server-away");
      await expect(home.getByText("Connection lost").first()).toBeVisible();
      await visit(home, "home-server-away");
      await relay.start();
    });
  });

  test("nothing yet: a new team without a program", async ({ page, owner: _ }) => {
    // What the server answers before a program was ever connected.
    await page.route("**/api/v1/initialize", async (route) => {
      const answer = await route.fetch();
      const home = await answer.json();
      for (const environment of home.environments) environment.apps = [];
      await route.fulfill({ response: answer, json: home });
    });
    await page.goto("/home?newUser=true");
    await expect(page.getByText("Welcome").first()).toBeVisible();
    await visit(page, "home-empty");
  });
}
