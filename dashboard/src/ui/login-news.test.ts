import { expect, test, vi } from "vitest";
import { onLogin, tellLogin } from "./login-news";

test("tabs tell each other who is signed in; what is no such news is nothing", async () => {
  const heard: (string | null)[] = [];
  const stop = onLogin((email) => heard.push(email));
  const channel = new BroadcastChannel("compose-login");
  for (const odd of [null, "a@x.test", { email: 3 }, {}]) channel.postMessage(odd);
  channel.close();
  tellLogin("a@x.test");
  tellLogin(null);
  await vi.waitFor(() => expect(heard).toEqual(["a@x.test", null]));
  stop();
});
