// axe-core has no serious finding in any state, light or dark, and nothing on a phone is wider than the phone.
import { everyState } from "./harness/states";
import { accessible, expect } from "./harness/test";

everyState(async (page, name) => {
  await accessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  const over = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(over, `${name} scrolls sideways on a phone`).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1280, height: 800 });
});
